//! `connmapperl serve --no-gui` and `connmapperl agents`, as a person uses them.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

use rustix::process::Signal;

use crate::{
    house::{House, Killed, Traffic, until},
    signals::is_ignored,
    support::{Home, printed},
};

#[test]
fn what_an_agent_sees_is_printed_with_place_program_and_numbers() {
    let house = House::new();
    let mut traffic = Traffic::new();
    let _listener = house.serve();
    let _agent = house.agent("token");
    let port = traffic.open();
    until("its line", || house.histories(traffic.to).contains_key(&port));
    let local = format!("127.0.0.1:{port}");
    let lines = house.lines();
    let line = lines.iter().find(|line| line["local"] == local.as_str()).unwrap();
    assert_eq!(line["agent"], "web1");
    assert_eq!(line["without_place"], "loopback");
    assert_eq!(line["protocol"], "tcp");
    // The test itself holds both ends.
    assert!(line["pid"].as_u64().is_some_and(|pid| pid == u64::from(std::process::id())), "{line}");
    assert!(line["sequence"].as_u64().is_some_and(|sequence| sequence > 0));
}

#[test]
fn a_revoked_agent_is_cut_off_and_the_other_stays() {
    let house = House::new();
    house.add_agent("web2", "token2");
    let mut traffic = Traffic::new();
    let _listener = house.serve();
    let (mut first, _second) = (house.agent("token"), house.agent("token2"));
    let is_connected =
        |name: &str| house.count(|line| line["agent"] == name && line["link"]["state"] == "connected") > 0;
    until("both", || is_connected("web1") && is_connected("web2"));
    let revoked = house.home.connmapperl(&["agents", "revoke", "web1", "--fleet", "."]).output().unwrap();
    assert!(revoked.status.success(), "{revoked:?}");
    until("the end of web1", || house.count(|line| line["event"] == "gone" && line["agent"] == "web1") == 1);
    assert!(first.0.try_wait().unwrap().is_none(), "it goes on trying: a person may mend it");
    let port = traffic.open();
    until("news of web2", || house.histories(traffic.to).contains_key(&port));
    let local = format!("127.0.0.1:{port}");
    let told: Vec<_> = house.lines().into_iter().filter(|line| line["local"] == local.as_str()).collect();
    assert!(told.iter().all(|line| line["agent"] == "web2"), "{told:?}");
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let house = House::new();
    let _listener = house.serve();
    let listen = format!("127.0.0.1:{}", house.port);
    let arguments = ["serve", "--no-gui", "--fleet", ".", "--listen", &listen];
    let second = house.home.connmapperl(&arguments).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(said.contains(&listen) && said.contains("in use"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn agents_are_listed_without_their_secrets() {
    let house = House::new();
    let token = std::fs::read_to_string(house.home.path("token")).unwrap();
    let secret = token.trim().rsplit('_').next().unwrap().to_owned();
    for arguments in
        [["agents", "list", "--fleet", "."].as_slice(), &["agents", "list", "--json", "--fleet", "."]]
    {
        let listed = house.home.connmapperl(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(text.contains("web1") && !text.contains(&secret), "{text}");
    }
    let again = house.home.connmapperl(&["agents", "add", "web1", "--fleet", "."]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && said.contains("web1") && said.contains("rotate"), "{said}");
    let file = std::fs::read_to_string(house.home.path("agents.json")).unwrap();
    assert!(!file.contains(&secret), "only its hash is kept");
}

#[test]
fn asked_to_end_it_ends_and_the_agents_connections_go_on() {
    let house = House::new();
    let mut held = Traffic::new();
    let (port, mut agent) = (held.open(), None);
    for signal in [Signal::TERM, Signal::INT].into_iter().filter(|&signal| !is_ignored(signal)) {
        let mut listener = house.serve();
        let _ = agent.get_or_insert_with(|| house.agent("token"));
        let connected = || house.count(|line| line["link"]["state"] == "connected");
        let before = connected();
        until("the agent", || connected() > before && house.histories(held.to).contains_key(&port));
        listener.ask(signal);
        assert_eq!(listener.0.wait().unwrap().code(), Some(0), "{signal:?}");
    }
    assert_eq!(house.histories(held.to)[&port], (1, 0), "{}", house.story(port));
    assert_eq!(house.count(|line| line["event"] == "gone"), 0);
}

#[test]
fn who_reads_no_more_or_never_keeps_it_from_nothing() {
    let house = House::new();
    let mut traffic = Traffic::new();
    // Closed after the first line: the next one ends it.
    let mut listener = house.serve_to(&[], Stdio::piped());
    let _agent = house.agent("token");
    let mut first = String::new();
    BufReader::new(listener.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"event\":\"agent\""), "{first}");
    until("its end", || {
        traffic.open();
        traffic.close_older_than(Duration::ZERO);
        listener.0.try_wait().unwrap().is_some_and(|status| status.success())
    });
    // Nobody reads, and there is more than a pipe holds.
    (0..400).for_each(|_| {
        traffic.open();
    });
    let mut listener = house.serve_to(&[], Stdio::piped());
    let stdout = listener.0.stdout.take().unwrap();
    // Its pages are half full at least.
    until("a full pipe", || rustix::io::ioctl_fionread(&stdout).unwrap() >= 30_000);
    listener.ask(if is_ignored(Signal::INT) { Signal::TERM } else { Signal::INT });
    assert_eq!(listener.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_token_that_could_not_be_shown_is_not_lost_in_silence() {
    let house = House::new();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut add = house.home.connmapperl(&["agents", "add", "web9", "--fleet", "."]);
    let added = add.stdout(full()).output().unwrap();
    let said = String::from_utf8_lossy(&added.stderr);
    assert_eq!(added.status.code(), Some(1), "{said}");
    assert!(said.contains("web9") && said.contains("rotate") && said.contains("space"), "{said}");
    let unread = || std::io::pipe().unwrap().1;
    // What goes with it may be lost.
    let mut add = house.home.connmapperl(&["agents", "add", "web10", "--fleet", "."]);
    let added = add.stderr(unread()).output().unwrap();
    assert!(added.status.success() && added.stdout.starts_with(b"cmt_"), "{added:?}");
    // A list that is cut short is none of our business.
    let mut list = house.home.connmapperl(&["agents", "list", "--fleet", "."]);
    let listed = list.stdout(unread()).output().unwrap();
    assert_eq!((listed.status.code(), &*String::from_utf8_lossy(&listed.stderr)), (Some(0), ""));
}

#[test]
fn an_agents_copy_of_a_certificate_makes_no_folder_the_listeners() {
    let home = Home::new();
    home.write("server-cert.pem", "copied from the display");
    printed(&mut home.connmapperl(&["agents", "add", "web1"]));
    assert!(!home.path("agents.json").exists());
    assert!(printed(&mut home.connmapperl(&["agents", "list"])).starts_with("web1 "));
}

#[test]
fn broken_tables_and_places_are_named() {
    let house = House::new();
    house.home.write("tables/places.csv", "nonsense\n");
    house.home.write("tables/GeoLite2-City.mmdb", "broken");
    let listen = format!("127.0.0.1:{}", house.port);
    let arguments = ["serve", "--no-gui", "--fleet", ".", "--listen", &listen, "--data", "tables"];
    let mut serve = house.home.connmapperl(&arguments);
    let mut serve = Killed(serve.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(serve.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<_> = lines.take_while(|line| !line.contains("on another machine")).collect();
    for file in ["tables/places.csv line 1", "tables/GeoLite2-City.mmdb"] {
        assert!(said.iter().any(|line| line.starts_with(file)), "{file}: {said:?}");
    }
}

#[test]
fn a_folder_by_a_wrong_name_is_not_made() {
    let house = House::new();
    let ask = |arguments: &[&str]| {
        let mut asked = house.home.connmapperl(&[&["agents", "--fleet", "nowhere"], arguments].concat());
        let output = asked.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, listed, _) = ask(&["list", "--json"]);
    assert_eq!((code, listed.trim()), (Some(0), "[]"));
    let (code, listed, said) = ask(&["list"]);
    assert_eq!((code, &*listed), (Some(0), ""));
    let (code, _, refused) = ask(&["revoke", "web1"]);
    assert_eq!(code, Some(1));
    assert!([said, refused].iter().all(|said| said.contains("nowhere")));
    assert!(!house.home.path("nowhere").exists());
}

#[test]
fn a_scene_has_no_agents() {
    let house = House::new();
    for more in [&[][..], &["--no-gui"]] {
        let served =
            house.home.connmapperl(&[&["serve", "--demo", "world"], more].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&served.stderr);
        assert!(
            served.status.code() == Some(1) && said.contains("scene") && said.lines().count() == 1,
            "{said}"
        );
    }
}
