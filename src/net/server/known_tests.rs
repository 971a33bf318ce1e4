use super::*;
use crate::net::server::{
    contents::{Agent, Contents, Proof},
    directory::{Credential, Newcomer},
    incoming::run_anew,
    secret::TokenHash,
};

const AGENT: AgentId = AgentId(5);

fn known(number: u32, is_gone: bool) -> KnownAgent {
    KnownAgent {
        agent: AGENT,
        identity: Identity::Token(number),
        name: "web1".into(),
        boot: Some([1; 16]),
        runs: [(7, 70), (8, 80)].into(),
        is_gone,
    }
}

fn newcomer(number: u32, run: u64, boot: u8) -> Newcomer {
    Newcomer {
        identity: Identity::Token(number),
        credential: Credential::Token(TokenHash::of("web1")),
        name: "web1".into(),
        machine: [3; 16],
        boot: [boot; 16],
        run,
    }
}

fn seat(directory: &mut Directory, newcomer: &Newcomer) -> (AgentId, u64, bool, bool) {
    let seat = directory.seat(newcomer, 10, Instant::now()).unwrap_or_else(|_| panic!("no seat"));
    (seat.agent, seat.incoming.had, seat.incoming.is_same_boot, seat.incoming.has_snapshot)
}

#[test]
fn identities_are_read_as_they_are_written() {
    let machine = |called: &str| Identity::Machine { machine: [0xab; 16], called: called.to_owned() };
    for identity in [Identity::Token(7), machine("web1"), machine("a/b/c"), machine("")] {
        assert_eq!(Identity::from_text(&identity.to_string()), Some(identity));
    }
    for text in ["", "x", "-1", "ab/web1", "/web1"] {
        assert_eq!(Identity::from_text(text), None, "{text}");
    }
}

#[test]
fn an_agent_that_is_known_goes_on_where_it_was() {
    let restored = || Directory::restored(vec![known(2, false)], Instant::now());
    assert_eq!(seat(&mut restored(), &newcomer(2, 8, 1)), (AGENT, 80, true, false), "the last run");
    assert_eq!(seat(&mut restored(), &newcomer(2, 7, 1)), (AGENT, 70, true, false), "the one before");
    assert_eq!(seat(&mut restored(), &newcomer(2, 9, 1)), (AGENT, 0, true, false), "a new one");
    assert_eq!(seat(&mut restored(), &newcomer(2, 9, 2)), (AGENT, 0, false, false), "of another boot");
    let (other, had, ..) = seat(&mut restored(), &newcomer(3, 8, 1));
    assert!(other > AGENT && had == 0, "another agent has another number");
}

#[test]
fn an_agent_that_was_gone_starts_over_and_tells_nothing_again() {
    let mut directory = Directory::restored(vec![known(2, true)], Instant::now());
    assert_eq!(directory.gone(std::time::Duration::ZERO, Instant::now()), []);
    assert_eq!(seat(&mut directory, &newcomer(2, 8, 1)), (AGENT, 80, false, false));
}

#[test]
fn who_never_comes_is_gone_in_time_and_who_was_revoked_at_once() {
    let now = Instant::now();
    let hour = std::time::Duration::from_secs(3_600);
    let mut directory = Directory::restored(vec![known(2, false)], now);
    let mut contents = Contents::default();
    let token = Proof::Token(TokenHash::of("web1"));
    contents.push(Agent::new(2, "web1".to_owned(), token, 0));
    directory.apply(&contents);
    assert_eq!(directory.gone(hour, now + hour / 2), [], "it may come");
    assert_eq!(directory.gone(hour, now + hour), [AGENT]);

    contents.agents[0].revoked_unix_secs = Some(1);
    for contents in [contents, Contents::default()] {
        let mut directory = Directory::restored(vec![known(2, false)], now);
        directory.apply(&contents);
        assert_eq!(directory.gone(hour, now), [AGENT]);
    }
}

#[test]
fn a_run_that_began_anew_is_known_by_its_later_numbers() {
    let (once, twice) = (run_anew(7), run_anew(run_anew(7)));
    let had = |runs: &[(u64, u64)]| {
        let known = KnownAgent { runs: runs.iter().copied().collect(), ..known(2, false) };
        let mut directory = Directory::restored(vec![known], Instant::now());
        let seat = directory.seat(&newcomer(2, 7, 1), 10, Instant::now());
        let Incoming { run, told_as, had, .. } = seat.unwrap_or_else(|_| panic!("no seat")).incoming;
        (run, told_as, had)
    };
    assert_eq!(had(&[(8, 100)]), (7, 7, 0));
    assert_eq!(had(&[(7, 100)]), (7, 7, 100));
    assert_eq!(had(&[(7, 100), (once, 60)]), (7, once, 60));
    assert_eq!(had(&[(7, 100), (once, 60), (twice, 9)]), (7, twice, 9));
    assert_eq!(had(&[(once, 60), (8, 3)]), (7, once, 60), "though another run came after it");
}
