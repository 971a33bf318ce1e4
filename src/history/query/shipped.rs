//! Questions that ship with the program: to be asked as they are, and to be changed.

/// A question with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedQuery {
    pub name: &'static str,
    pub sql: &'static str,
}

const fn query(name: &'static str, sql: &'static str) -> ShippedQuery {
    ShippedQuery { name, sql }
}

/// In the order in which they are offered.
pub static SHIPPED: [ShippedQuery; 14] = [
    query("Last hour", "SELECT * FROM connections\nWHERE opened_ms > ago('1h')\nORDER BY opened_ms DESC"),
    query(
        "Top talkers, last day",
        "SELECT peer, organisation, city, country, lat, lon, count(*) AS connections,\n       sum(sent) AS sent, sum(received) AS received\nFROM connections\nWHERE opened_ms > ago('1d')\nGROUP BY peer\nORDER BY coalesce(sum(sent), 0) + coalesce(sum(received), 0) DESC\nLIMIT 100",
    ),
    query(
        "Countries, and when each was first seen",
        "SELECT country, min(opened) AS first_seen, max(opened) AS last_seen, count(*) AS connections,\n       avg(lat) AS lat, avg(lon) AS lon\nFROM connections\nWHERE country IS NOT NULL\nGROUP BY country\nORDER BY first_seen DESC",
    ),
    query(
        "New peers this week",
        "SELECT peer, min(opened) AS first_seen, program, organisation, country, lat, lon\nFROM connections\nGROUP BY peer\nHAVING min(opened_ms) > ago('7d')\nORDER BY first_seen DESC",
    ),
    query(
        "Programs that are new this week",
        "SELECT program, min(opened) AS first_seen, count(*) AS connections, count(DISTINCT peer) AS peers\nFROM connections\nGROUP BY program\nHAVING min(opened_ms) > ago('7d')\nORDER BY first_seen DESC",
    ),
    query(
        "Night traffic, 1 to 5 o'clock",
        "SELECT opened, program, peer, organisation, city, country, lat, lon\nFROM connections\nWHERE opened_ms > ago('30d')\n  AND strftime('%H', opened, 'localtime') BETWEEN '01' AND '04'\nORDER BY opened_ms DESC",
    ),
    query(
        "Longest connections",
        "SELECT opened, closed, lasted_s, program, peer, peer_port, organisation, country, lat, lon\nFROM connections\nWHERE lasted_s IS NOT NULL\nORDER BY lasted_s DESC\nLIMIT 200",
    ),
    query(
        "Most retried",
        "SELECT program, peer, peer_port, organisation, country, lat, lon, count(*) AS tries, avg(lasted_s) AS lasted_s\nFROM connections\nWHERE opened_ms > ago('1d') AND lasted_s < 2\nGROUP BY program, peer, peer_port\nHAVING tries > 3\nORDER BY tries DESC",
    ),
    query(
        "By autonomous system",
        "SELECT asn, organisation, count(*) AS connections, count(DISTINCT peer) AS peers,\n       sum(sent) AS sent, sum(received) AS received\nFROM connections\nWHERE opened_ms > ago('7d') AND asn IS NOT NULL\nGROUP BY asn\nORDER BY connections DESC",
    ),
    query(
        "By program",
        "SELECT program, count(*) AS connections, count(DISTINCT peer) AS peers, count(DISTINCT country) AS countries,\n       sum(sent) AS sent, sum(received) AS received\nFROM connections\nWHERE opened_ms > ago('7d')\nGROUP BY program\nORDER BY connections DESC",
    ),
    query(
        "Who called in",
        "SELECT peer, local_port, organisation, city, country, lat, lon, count(*) AS connections, max(opened) AS last\nFROM connections\nWHERE direction = 'in' AND opened_ms > ago('1d')\nGROUP BY peer, local_port\nORDER BY connections DESC",
    ),
    query(
        "Slowest places",
        "SELECT city, country, lat, lon, avg(rtt_ms) AS rtt_ms, count(*) AS connections\nFROM connections\nWHERE rtt_ms IS NOT NULL AND opened_ms > ago('7d')\nGROUP BY lat, lon\nHAVING connections > 2\nORDER BY avg(rtt_ms) DESC\nLIMIT 100",
    ),
    query(
        "One network",
        "SELECT opened, program, peer, peer_port, organisation, lat, lon\nFROM connections\nWHERE in_net(peer, '1.0.0.0/8')\nORDER BY opened_ms DESC",
    ),
    query("When was it recorded", "SELECT * FROM recordings\nORDER BY started_ms DESC"),
];
