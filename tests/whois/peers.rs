//! Neighbours out of policies as people write them.

use connmapperl::whois::{
    lookup::Depth,
    rpsl::{attributes, peers::peers},
};

use crate::whois;

/// `name<` where something is taken from it, `name>` where something goes there.
fn found(policy: &str) -> String {
    let peers = peers(&attributes(policy));
    let text = |peer: &connmapperl::whois::rpsl::peers::Peer| {
        let (import, export) = (if peer.import { "<" } else { "" }, if peer.export { ">" } else { "" });
        format!("{}{import}{export}", peer.name)
    };
    peers.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn neighbours_stand_behind_from_and_to() {
    for (policy, expected) in [
        ("import: from AS1 accept ANY", "AS1<"),
        ("export: to AS20 announce AS5\nimport: from AS3 accept AS4", "AS3< AS20>"),
        ("import: from (AS40027 OR AS63293) accept ANY", "AS40027< AS63293<"),
        ("import: from (AS1 or (AS2 except AS3)) accept ANY", "AS1< AS2< AS3<"),
        ("mp-import: afi ipv6.unicast from AS1:AS-FOO accept ANY", "AS1:AS-FOO<"),
        ("mp-export: afi any.unicast to AS-ANY announce AS-IU13WAN", "AS-ANY>"),
        ("import: from PRNG-IX at 1.2.3.4 accept ANY", "PRNG-IX<"),
        ("import: { from AS1 accept ANY; } refine { from AS2 accept AS9; }", "AS1< AS2<"),
        ("import: {from AS1 at 1.1.1.1 accept ANY;}except{from as2 accept ANY;}", "AS1< AS2<"),
        ("default: to AS7 action pref=100; networks ANY", "AS7>"),
        ("import-via: AS6777 from AS-IX accept ANY", "AS-IX<"),
        ("import: from AS1 from AS2 from AS1 accept ANY", "AS1< AS2<"),
        ("export: to AS1 announce AS2\nimport: from AS1 ACCEPT ANY", "AS1<>"),
        ("import: FROM AS1", "AS1<"),
        ("import: from AS99999999999 accept ANY", ""),
        ("import: from (AS1 OR AS4294967296 OR AS4294967295) accept ANY", "AS1< AS4294967295<"),
        ("import: from AS1 action community.append(1:2); accept ANY", "AS1<"),
    ] {
        assert_eq!(found(policy), expected, "{policy}");
    }
}

#[test]
fn what_is_wrong_names_nobody_and_hides_nobody() {
    for (policy, expected) in [
        ("export: to AS-set-attendeess announce 601", "AS-SET-ATTENDEESS>"),
        ("import: from nobody accept AS1", ""),
        ("import: from", ""),
        ("import: from 601 accept ANY\nimport: from AS2", "AS2<"),
        ("import: from (AS1 OR", "AS1<"),
        ("import: ))) from AS1 ((", "AS1<"),
        ("import: from AS99999999999999999999 accept ANY", ""),
        ("remarks: from AS1 to AS2", ""),
        ("import: # from AS1", ""),
        ("import: from ASCII accept ANY", ""),
    ] {
        assert_eq!(found(policy), expected, "{policy}");
    }
}

#[test]
fn an_aut_num_of_many_lines_has_all_its_neighbours() {
    let (_folder, whois) = whois(&["ripe.db"]);
    let answer = whois.system(3_333, Depth::Full);
    let names: Vec<_> = answer.peers().map(|peer| peer.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "AS1103",
            "AS12859",
            "AS40027",
            "AS63293",
            "AS-ANY",
            "AS-IX",
            "AS-SET-ATTENDEESS",
            "AS1:AS-FOO",
            "AS6777:PRNG-PEERS",
            "PRNG-IX"
        ]
    );
}
