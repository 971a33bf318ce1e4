use crossbeam_channel::Receiver;

use super::*;
use crate::net::server::{
    counters::Counting,
    directory::{Credential, Cut, Newcomer, Seat},
    limits::Limits,
    passwords::Passwords,
    secret::TokenHash,
};

/// A register with one agent, who sits, and what looks after it.
struct House {
    folder: tempfile::TempDir,
    keeper: Keeper,
    shared: Arc<Shared>,
    taker: Receiver<FleetMessage>,
    sitting: Seat,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::open(folder.path()).unwrap();
        let (web, token) = register.add("web1").unwrap();
        let (keeper, contents) = Keeper::open(register).unwrap();
        let (to_taker, taker) = crossbeam_channel::bounded(64);
        let (counting, passwords) = (Arc::new(Counting::default()), Passwords::new().unwrap());
        let shared = Shared::new(Limits::default(), counting, passwords, Vec::new(), to_taker, contents);
        let newcomer = Newcomer {
            identity: Identity::Token(web.number),
            credential: Credential::Token(TokenHash::of(&token)),
            name: "web1".into(),
            machine: [1; 16],
            boot: [1; 16],
            run: 1,
        };
        let sitting = shared.state().directory.seat(&newcomer, 10, Instant::now());
        let sitting = sitting.unwrap_or_else(|_| panic!("no seat"));
        Self { folder, keeper, shared: Arc::new(shared), taker, sitting }
    }

    /// So many looks, one after the other. Returns what people were told.
    fn look(&mut self, times: usize) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..times {
            runtime.block_on(self.keeper.look(&self.shared)).unwrap();
        }
        let lines = self.taker.try_iter().filter_map(|message| match message {
            FleetMessage::Notice { line, .. } => Some(line),
            FleetMessage::Agent(_) => None,
        });
        lines.collect()
    }

    fn cut(&self) -> Option<Cut> {
        self.sitting.orders.borrow().cut
    }
}

#[test]
fn a_register_that_cannot_be_read_is_tried_again_and_told_of_once() {
    let mut house = House::new();
    let path = house.keeper.register.path().to_owned();
    let aside = house.folder.path().join("aside");
    house.keeper.register.revoke("web1").unwrap();
    fs::rename(&path, &aside).unwrap();
    fs::create_dir(&path).unwrap();
    let told = house.look(3);
    assert!(told.len() == 1 && told[0].contains("cannot read") && told[0].contains("stay so"), "{told:?}");
    assert_eq!(house.cut(), None);
    assert_ne!(house.keeper.stamp, stamp(&path), "what was not read is looked at again");
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    assert_eq!(house.look(1), [""; 0]);
    assert_eq!(house.cut(), Some(Cut::Revoked));
}

#[test]
fn a_register_that_is_missing_revokes_nobody() {
    let mut house = House::new();
    let path = house.keeper.register.path().to_owned();
    let before = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let seen = Seen { unix_secs: 1, name: "db1".into() };
    let machine = Identity::Machine { machine: [2; 16], called: "db1".to_owned() };
    house.shared.state().seen.insert(machine, seen);
    let told = house.look(3);
    assert!(told.len() == 1 && told[0].contains("is missing"), "{told:?}");
    house.keeper.finish(&house.shared);
    assert!(!path.exists(), "no register is made of who was seen alone");
    assert_eq!(house.cut(), None);
    fs::write(&path, before).unwrap();
    house.look(1);
    assert_eq!(house.cut(), None);
    house.keeper.register.revoke("web1").unwrap();
    house.look(1);
    assert_eq!(house.cut(), Some(Cut::Revoked));
}

#[test]
fn a_register_that_cannot_be_written_is_told_of_once() {
    let mut house = House::new();
    let lock = house.keeper.register.path().with_file_name("agents.json.lock");
    fs::remove_file(&lock).unwrap();
    let seen = |house: &mut House| {
        house.shared.saw(Identity::Token(1), "web1".into());
        // As if the time between two writes were over.
        house.keeper.write_at = Instant::now();
        house.look(1)
    };
    for _ in 0..2 {
        fs::create_dir(&lock).unwrap();
        let told: Vec<_> = (0..3).flat_map(|_| seen(&mut house)).collect();
        assert!(told.len() == 1 && told[0].contains("nobody is written down"), "{told:?}");
        fs::remove_dir(&lock).unwrap();
        assert_eq!(seen(&mut house), [""; 0]);
        assert!(house.keeper.register.list().unwrap()[0].last_seen_unix_secs.is_some());
        fs::remove_file(&lock).unwrap();
    }
}

#[test]
fn a_file_keeps_its_owner_when_root_writes_it() {
    use std::os::unix::fs::chown;
    let house = House::new();
    let register = &house.keeper.register;
    if chown(register.path(), Some(1_234), Some(1_235)).is_err() {
        println!("skipped: only root may give a file away");
        return;
    }
    register.add("web2").unwrap();
    let file = fs::metadata(register.path()).unwrap();
    assert_eq!((file.uid(), file.gid(), file.mode() & 0o777), (1_234, 1_235, 0o600));
}

#[test]
fn a_scan_takes_nothing_from_what_there_is_to_say_of_agents() {
    use crate::net::server::shared::Subject;
    let mut house = House::new();
    let tell = |subject, line: &str| house.shared.notice(Importance::Warning, subject, line.to_owned());
    for ip in 0..1_000_u32 {
        tell(Subject::Source(std::net::Ipv4Addr::from_bits(ip).into()), "refused");
    }
    tell(Subject::Lost(house.sitting.agent), "web1 is lost");
    assert_eq!(house.look(0).pop().as_deref(), Some("web1 is lost"));
}
