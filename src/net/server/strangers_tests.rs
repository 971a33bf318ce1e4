use proptest::prelude::*;

use super::*;

fn room(strangers: usize, strangers_of_one: usize, waiting_strangers: usize) -> Strangers {
    Strangers::new(&Limits { strangers, strangers_of_one, waiting_strangers, ..Limits::default() })
}

fn source(number: u8) -> IpAddr {
    [192, 0, 2, number].into()
}

fn turn(stranger: &Stranger) -> Turn {
    *stranger.turn.borrow()
}

fn turns(strangers: &[Stranger]) -> Vec<Turn> {
    strangers.iter().map(turn).collect()
}

use Turn::{Has, Lost, Waits};

#[test]
fn one_source_leaves_room_for_the_others() {
    let room = room(4, 2, 3);
    let crowd: Vec<_> = (0..5).filter_map(|_| room.arrive(source(1))).collect();
    assert_eq!(turns(&crowd), [Has, Has, Waits, Waits, Waits]);
    assert!(room.arrive(source(1)).is_none(), "so many may wait");
    let other = room.arrive(source(2)).unwrap();
    assert_eq!(turn(&other), Has);
    drop(crowd);
    assert_eq!(room.room().sources.len(), 1, "who is gone is forgotten");
}

#[test]
fn those_behind_one_address_take_turns_in_order() {
    let room = room(4, 2, 10);
    let mut herd: Vec<_> = (0..12).map(|_| room.arrive(source(1)).unwrap()).collect();
    while herd.len() > 2 {
        assert_eq!((turn(&herd[0]), turn(&herd[1]), turn(&herd[2])), (Has, Has, Waits));
        drop(herd.remove(0));
    }
    assert_eq!(turns(&herd), [Has, Has]);
}

#[test]
fn a_newcomer_gets_the_place_of_who_has_been_silent_longest() {
    let room = room(5, 3, 10);
    let most: Vec<_> = (0..3).map(|_| room.arrive(source(1)).unwrap()).collect();
    let two: Vec<_> = (0..2).map(|_| room.arrive(source(2)).unwrap()).collect();
    most[0].has_spoken();
    let third = room.arrive(source(3)).unwrap();
    assert_eq!((turn(&third), turns(&most), turns(&two)), (Has, vec![Has, Lost, Has], vec![Has; 2]));
    // Now two of the sources have two. Those that say something are spared as long as others say nothing.
    most[2].has_spoken();
    let fourth = room.arrive(source(4)).unwrap();
    assert_eq!((turn(&fourth), turns(&most), turns(&two)), (Has, vec![Has, Lost, Has], vec![Lost, Has]));
    // And where nobody is silent, the oldest goes.
    let fifth = room.arrive(source(5)).unwrap();
    assert_eq!((turn(&fifth), turns(&most)), (Has, vec![Lost, Lost, Has]));
    // Each source has one now: who comes waits.
    let sixth = room.arrive(source(6)).unwrap();
    assert_eq!(turn(&sixth), Waits);
    drop(third);
    assert_eq!(turn(&sixth), Has);
}

#[test]
fn whose_source_has_fewest_is_next() {
    let room = room(2, 2, 10);
    let first = room.arrive(source(1)).unwrap();
    let second = room.arrive(source(2)).unwrap();
    let again = room.arrive(source(1)).unwrap();
    let third = room.arrive(source(3)).unwrap();
    assert_eq!((turn(&again), turn(&third)), (Waits, Waits));
    drop(second);
    assert_eq!((turn(&again), turn(&third)), (Waits, Has), "though it came later");
    drop((first, third));
    assert_eq!(turn(&again), Has);
}

#[test]
fn who_waits_makes_room_too() {
    let room = room(1, 1, 3);
    let crowd: Vec<_> = (0..4).map(|_| room.arrive(source(1)).unwrap()).collect();
    let other = room.arrive(source(2)).unwrap();
    assert_eq!((turn(&other), turns(&crowd)), (Waits, vec![Has, Waits, Waits, Lost]));
    assert!(room.arrive(source(2)).is_none(), "it would have as many as the other");
}

proptest! {
    #[test]
    fn bounds_hold_and_no_place_stays_empty(steps in prop::collection::vec((0_u8..6, any::<bool>(), 0_usize..64), 1..200)) {
        let room = room(6, 3, 5);
        let mut strangers = Vec::<Stranger>::new();
        for (number, comes, which) in steps {
            if comes {
                strangers.extend(room.arrive(source(number)));
            } else if !strangers.is_empty() {
                let which = which % strangers.len();
                match which % 2 {
                    0 => drop(strangers.remove(which)),
                    _ => strangers[which].has_spoken(),
                }
            }
            let count = |of: &dyn Fn(&&Stranger) -> bool| strangers.iter().filter(of).count();
            let inside = count(&|it| turn(it) == Has);
            prop_assert!(inside <= 6 && count(&|it| turn(it) == Waits) <= 5);
            for number in 0..6 {
                let of_one = count(&|it| turn(it) == Has && it.source == source(number));
                let waiting = count(&|it| turn(it) == Waits && it.source == source(number));
                prop_assert!(of_one <= 3);
                prop_assert!(waiting == 0 || of_one == 3 || inside == 6, "a place is empty while somebody waits for it");
            }
        }
        strangers.clear();
        let room = room.room();
        prop_assert_eq!((room.inside, room.waiting, room.sources.len()), (0, 0, 0));
    }
}
