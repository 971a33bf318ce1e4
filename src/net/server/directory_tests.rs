use super::*;
use crate::net::server::{contents::Agent, secret::new_token};

const MINUTE: Duration = Duration::from_secs(60);

fn newcomer(number: u32, name: &str) -> Newcomer {
    Newcomer {
        identity: Identity::Token(number),
        credential: Credential::Token(TokenHash::of(name)),
        name: name.into(),
        machine: [number as u8; 16],
        boot: [1; 16],
        run: 1,
    }
}

fn contents(of: &[&Newcomer]) -> Contents {
    let mut contents = Contents::default();
    for newcomer in of {
        let (Identity::Token(number), Credential::Token(hash)) = (&newcomer.identity, &newcomer.credential)
        else {
            panic!("by token")
        };
        let agent = Agent::new(*number, newcomer.name.to_string(), Proof::Token(*hash), 0);
        contents.push(agent);
    }
    contents
}

fn seat(directory: &mut Directory, newcomer: &Newcomer) -> Seat {
    directory.seat(newcomer, 10, Instant::now()).unwrap_or_else(|_| panic!("no seat"))
}

fn leave(directory: &mut Directory, seat: Seat) {
    directory.vacate(seat, Instant::now());
}

#[test]
fn an_agent_keeps_its_number_and_what_is_known_of_its_run() {
    let mut directory = Directory::default();
    let web = newcomer(1, "web1");
    let mut first = seat(&mut directory, &web);
    assert!(first.is_new && !first.incoming.is_same_boot);
    first.incoming.handed_on(9, true);
    let (number, arrived) = (first.agent, Arc::clone(&first.arrived));
    leave(&mut directory, first);
    assert_ne!(seat(&mut directory, &newcomer(2, "web2")).agent, number);

    let again = seat(&mut directory, &web);
    assert_eq!((again.agent, again.incoming.had, again.is_new), (number, 9, false));
    assert!(again.incoming.has_snapshot && Arc::ptr_eq(&again.arrived, &arrived));
    leave(&mut directory, again);

    let other_run = seat(&mut directory, &Newcomer { run: 2, ..web.clone() });
    assert_eq!((other_run.agent, other_run.incoming.had), (number, 0));
    assert!(!other_run.incoming.has_snapshot && other_run.incoming.is_same_boot);
    assert!(!Arc::ptr_eq(&other_run.arrived, &arrived), "an old delivery acknowledges nothing of a new run");
    leave(&mut directory, other_run);
    let other_boot = seat(&mut directory, &Newcomer { run: 3, boot: [2; 16], ..web });
    assert!(!other_boot.incoming.is_same_boot);
}

#[test]
fn a_seat_has_one_sitter() {
    let mut directory = Directory::default();
    let web = newcomer(1, "web1");
    let sitting = seat(&mut directory, &web);
    let now = Instant::now();
    let other_machine = Newcomer { machine: [9; 16], ..web.clone() };
    assert!(matches!(directory.seat(&other_machine, 10, now), Err(NoSeat::InUse)));
    let Err(NoSeat::Occupied(orders)) = directory.seat(&web, 10, now) else { panic!("occupied") };
    tell_to_go(&orders, Cut::Replaced);
    tell_to_go(&orders, Cut::Closing);
    assert_eq!(sitting.orders.borrow().cut, Some(Cut::Replaced), "the first reason counts");
}

#[test]
fn names_are_unique_among_those_that_are_known() {
    let mut directory = Directory::default();
    let names: Vec<_> = (1..=3)
        .map(|number| seat(&mut directory, &newcomer(number, "web1")).orders.borrow().name.to_string())
        .collect();
    assert_eq!(names, ["web1", "web1 (2)", "web1 (3)"]);
}

#[test]
fn the_register_decides_who_stays() {
    let mut directory = Directory::default();
    let [stays, revoked, rotated, away] =
        [1, 2, 3, 4].map(|number| newcomer(number, &format!("web{number}")));
    let seats = [&stays, &revoked, &rotated].map(|newcomer| seat(&mut directory, newcomer));
    let left = seat(&mut directory, &away);
    let left_agent = left.agent;
    leave(&mut directory, left);

    let mut contents = contents(&[&stays, &revoked, &rotated, &away]);
    let (kept, now) = (10 * MINUTE, Instant::now());
    directory.apply(&contents);
    assert_eq!(directory.gone(kept, now), []);
    assert!(seats.iter().all(|seat| seat.orders.borrow().cut.is_none()));
    contents.agents[0].shown_name = Some("Frankfurt".to_owned());
    contents.agents[1].revoked_unix_secs = Some(1);
    contents.agents[2].proof = Proof::Token(new_token(3).unwrap().1);
    contents.agents[3].revoked_unix_secs = Some(1);
    directory.apply(&contents);
    assert_eq!(directory.gone(kept, now), [left_agent], "nobody sits there");
    directory.forget_vacant(left_agent);
    assert_eq!(directory.gone(kept, now), []);
    let cuts = seats.each_ref().map(|seat| seat.orders.borrow().cut);
    assert_eq!(cuts, [None, Some(Cut::Revoked), Some(Cut::SecretChanged)]);
    assert_eq!(&*seats[0].orders.borrow().name, "Frankfurt");
}

#[test]
fn who_was_revoked_while_it_came_goes_at_once() {
    let mut directory = Directory::default();
    let web = newcomer(1, "web1");
    let mut contents = contents(&[&web]);
    contents.agents[0].revoked_unix_secs = Some(1);
    let late = seat(&mut directory, &web);
    directory.check(late.agent, &contents);
    assert_eq!(late.orders.borrow().cut, Some(Cut::Revoked));
}

#[test]
fn where_an_agent_stands_is_what_the_register_last_said() {
    let mut directory = Directory::default();
    let web = newcomer(1, "web1");
    let mut contents = contents(&[&web]);
    let sitting = seat(&mut directory, &web);
    assert_eq!(directory.home(sitting.agent), None);
    let [here, there] = [1.0, 2.0].map(|lat| Some(Home { lat, lon: 0.0 }));
    contents.agents[0].home = here;
    directory.check(sitting.agent, &contents);
    assert_eq!(directory.home(sitting.agent), here, "as soon as it sits");
    contents.agents[0].home = there;
    directory.apply(&contents);
    assert_eq!(directory.home(sitting.agent), there);
    assert!(sitting.orders.has_changed().unwrap(), "it is told to say so");
}

#[test]
fn the_lost_go_in_time_and_come_back_under_their_number() {
    let (start, mut directory) = (Instant::now(), Directory::default());
    let web = newcomer(1, "web1");
    let sitting = directory.seat(&web, 10, start).unwrap_or_else(|_| panic!("no seat"));
    let number = sitting.agent;
    assert_eq!(directory.gone(MINUTE, start + 10 * MINUTE), [], "who sits is not lost");
    directory.vacate(sitting, start);
    assert_eq!(directory.gone(MINUTE, start + MINUTE / 2), []);
    assert_eq!(directory.gone(MINUTE, start + MINUTE), [number]);
    directory.forget_vacant(number);
    let mut again = seat(&mut directory, &web);
    assert_eq!((again.agent, again.incoming.has_snapshot), (number, false));
    again.incoming.handed_on(7, true);
    directory.vacate(again, start);
    assert_eq!(directory.gone(MINUTE, start + MINUTE), [number]);
    directory.forget_vacant(number);
    let again = seat(&mut directory, &web);
    assert_eq!((again.incoming.had, again.incoming.has_snapshot), (7, false), "nothing is told again");
}

#[test]
fn there_are_only_so_many_seats() {
    let (now, mut directory) = (Instant::now(), Directory::default());
    let first = directory.seat(&newcomer(1, "web1"), 1, now).unwrap_or_else(|_| panic!("no seat"));
    assert!(matches!(directory.seat(&newcomer(2, "web2"), 1, now), Err(NoSeat::Full)));
    directory.vacate(first, now);
    assert!(directory.seat(&newcomer(2, "web2"), 1, now).is_ok());
}

#[test]
fn what_agents_call_themselves_can_be_shown() {
    assert_eq!(shown("  web1\n"), "web1");
    assert_eq!(shown("a\u{202e}b\u{0}c"), "a?b?c");
    assert_eq!(shown(""), "unnamed");
    assert_eq!(shown(&"ä".repeat(100)), "ä".repeat(64));
}

#[test]
fn a_run_that_was_set_back_again_and_again_is_known_by_its_last_numbers() {
    use crate::net::server::incoming::run_anew;
    let mut directory = Directory::default();
    let web = newcomer(1, "web1");
    let mut first = seat(&mut directory, &web);
    first.incoming.handed_on(100, true);
    leave(&mut directory, first);
    let mut told_as = web.run;
    // More often than runs are remembered.
    for times in 1..=2 * EARLIER_RUNS as u64 {
        let mut back = seat(&mut directory, &web);
        back.incoming.begin_anew(times);
        back.incoming.handed_on(times + 10, true);
        leave(&mut directory, back);
        told_as = run_anew(told_as);
        let again = seat(&mut directory, &web);
        assert_eq!((again.incoming.told_as, again.incoming.had), (told_as, times + 10));
        assert!(again.incoming.has_snapshot, "it goes on where it was");
        leave(&mut directory, again);
        let other = seat(&mut directory, &Newcomer { run: 77, ..web.clone() });
        assert_eq!(other.incoming.told_as, 77);
        leave(&mut directory, other);
        let again = seat(&mut directory, &web);
        assert_eq!(
            (again.incoming.told_as, again.incoming.had),
            (told_as, times + 10),
            "another one came between"
        );
        leave(&mut directory, again);
    }
}
