-- Version 1 of the history. Times are milliseconds since the Unix epoch, UTC; see docs/history-schema.md.

CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE program (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE rule (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE asn (number INTEGER PRIMARY KEY, organisation TEXT NOT NULL) STRICT;
CREATE TABLE place (
    id INTEGER PRIMARY KEY,
    lat REAL NOT NULL,
    lon REAL NOT NULL,
    city TEXT NOT NULL,
    region TEXT NOT NULL,
    country TEXT NOT NULL,
    UNIQUE (lat, lon, city, region, country)
) STRICT;

-- One row a connection, in the order of time and of nothing else: a second index, by address for example, would make
-- writing several times slower.
CREATE TABLE connection (
    opened_ms INTEGER NOT NULL,
    n INTEGER NOT NULL,         -- tells those of one millisecond apart, from 0
    lasted_ms INTEGER,          -- NULL while it is open
    agent INTEGER NOT NULL,
    protocol INTEGER NOT NULL,  -- 0 TCP, 1 UDP
    inbound INTEGER NOT NULL,   -- 1 where the agent's machine was called
    local ANY NOT NULL,         -- IPv4 as INTEGER, IPv6 as BLOB of 16 bytes
    local_port INTEGER NOT NULL,
    peer ANY NOT NULL,
    peer_port INTEGER NOT NULL,
    program INTEGER,            -- NULL where it is not known
    rule INTEGER,               -- NULL where none matched
    place INTEGER NOT NULL,     -- below 0 where it has none: -1 loopback, -2 LAN, -3 CGNAT, -4 multicast, -5 reserved,
                                -- -6 not in the tables
    asn INTEGER,
    sent INTEGER,               -- bytes, NULL where the kernel did not tell
    received INTEGER,
    rtt_us INTEGER,             -- smoothed round-trip time, last known
    PRIMARY KEY (opened_ms, n)
) STRICT, WITHOUT ROWID;

-- One row a run of the program. What was open at `seen_ms` of an unfinished one was closed then, as far as is known.
CREATE TABLE recording (
    id INTEGER PRIMARY KEY,
    started_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    ended INTEGER NOT NULL      -- 1 where the program ended by itself
) STRICT;

-- What was open at a moment: nine bytes for each, opened_ms (6) and n (3), least significant byte first. Some of them
-- may have ended before, as was learned later: their rows say so.
CREATE TABLE checkpoint (at_ms INTEGER PRIMARY KEY, open BLOB NOT NULL) STRICT;

-- Sums of connections that were opened before `summed_until_ms` of `setting`, by hour and by minute. 0 stands for no
-- place, no rule.
CREATE TABLE hourly (
    hour INTEGER NOT NULL,      -- hours since the Unix epoch
    place INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    PRIMARY KEY (hour, place, rule, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE minutely (
    minute INTEGER NOT NULL,    -- minutes since the Unix epoch
    rule INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    PRIMARY KEY (minute, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
