use proptest::prelude::*;

use super::*;

fn line(rest: &str) -> String {
    format!("{{\"event\":\"opened\",\"agent\":\"web1\",\"id\":\"3\",\"unix_millis\":1,{rest}}}")
}

const SOCKET: &str = "\"protocol\":\"tcp\",\"direction\":\"outbound\",\"local\":\"10.0.0.1:1\",\
    \"peer\":\"127.0.0.1:443\",\"uid\":0,\"program\":\"?\"";

#[test]
fn a_bad_line_says_what_is_bad_and_the_others_count() {
    let mut earlier = Earlier::default();
    let bad = [
        ("", "EOF"),
        ("{}", "event"),
        ("[1,2,3]", "string"),
        ("{\"event\":\"agent\",\"unix_millis\":1}", "id"),
        ("{\"event\":\"opened\",\"id\":\"web\",\"unix_millis\":1}", "id"),
        (&line("\"connection\":\"1\",\"run\":\"x\""), "run"),
        (&line("\"run\":\"1\",\"sequence\":1"), "connection"),
        (&line("\"connection\":\"1\",\"protocol\":\"tcp\""), "socket"),
        (&line("\"connection\":\"1\",\"local\":\"nowhere\""), "socket address"),
    ];
    for (text, word) in bad {
        let error = earlier.read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(word), "{text}: {error}");
    }
    earlier
        .read(line(&format!("\"connection\":\"1f\",\"run\":\"7\",\"sequence\":4,{SOCKET}")).as_bytes())
        .unwrap();
    earlier.read(b"{\"event\":\"news of a later version\",\"id\":\"3\",\"unix_millis\":1}").unwrap();
    let (known, agents) = earlier.into_agents();
    assert_eq!(known[0].runs, [(7, 4)]);
    assert_eq!(agents[0].1.open.keys().collect::<Vec<_>>(), [&ConnectionId(0x1f)]);
}

#[test]
fn more_than_can_be_held_is_refused() {
    let mut earlier = Earlier { open: MOST_OPEN - 1, ..Earlier::default() };
    let opened = |connection: u64| line(&format!("\"connection\":\"{connection:x}\",{SOCKET}"));
    earlier.read(opened(1).as_bytes()).unwrap();
    earlier.read(opened(1).as_bytes()).unwrap();
    assert!(matches!(earlier.read(opened(2).as_bytes()), Err(BadLine::TooMany)));
    let closed = opened(1).replacen("opened", "closed", 1);
    earlier.read(closed.as_bytes()).unwrap();
    earlier.read(opened(2).as_bytes()).unwrap();

    let mut earlier = Earlier::default();
    let agent = |number: usize| format!("{{\"event\":\"agent\",\"id\":\"{number}\",\"unix_millis\":1}}");
    (0..MOST_AGENTS).for_each(|number| earlier.read(agent(number).as_bytes()).unwrap());
    assert!(matches!(earlier.read(agent(MOST_AGENTS).as_bytes()), Err(BadLine::TooMany)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..20), cut in 0..200_usize) {
        let mut earlier = Earlier::default();
        for bytes in lines {
            let _ = earlier.read(&bytes);
        }
        let whole = line(&format!("\"connection\":\"1\",\"run\":\"7\",\"sequence\":4,{SOCKET}"));
        prop_assert!(earlier.read(&whole.as_bytes()[..cut.min(whole.len() - 1)]).is_err());
        earlier.into_agents();
    }
}
