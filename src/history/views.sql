-- What people and other programs read. Views may gain columns; none goes away or changes its meaning.

CREATE VIEW connections AS
SELECT
    strftime('%Y-%m-%d %H:%M:%f', c.opened_ms / 1000.0, 'unixepoch') AS opened,
    strftime('%Y-%m-%d %H:%M:%f', (c.opened_ms + c.lasted_ms) / 1000.0, 'unixepoch') AS closed,
    c.lasted_ms / 1000.0 AS lasted_s,
    agent.name AS agent,
    CASE c.protocol WHEN 0 THEN 'tcp' ELSE 'udp' END AS protocol,
    CASE c.inbound WHEN 1 THEN 'in' ELSE 'out' END AS direction,
    program.name AS program,
    CASE typeof(c.peer) WHEN 'integer' THEN (c.peer >> 24) || '.' || (c.peer >> 16 & 255) || '.' || (c.peer >> 8 & 255) || '.' || (c.peer & 255)
        ELSE substr(lower(hex(c.peer)), 1, 4)||':'||substr(lower(hex(c.peer)), 5, 4)||':'||substr(lower(hex(c.peer)), 9, 4)||':'||substr(lower(hex(c.peer)), 13, 4)||':'||substr(lower(hex(c.peer)), 17, 4)||':'||substr(lower(hex(c.peer)), 21, 4)||':'||substr(lower(hex(c.peer)), 25, 4)||':'||substr(lower(hex(c.peer)), 29, 4) END AS peer,
    c.peer_port,
    CASE typeof(c.local) WHEN 'integer' THEN (c.local >> 24) || '.' || (c.local >> 16 & 255) || '.' || (c.local >> 8 & 255) || '.' || (c.local & 255)
        ELSE substr(lower(hex(c.local)), 1, 4)||':'||substr(lower(hex(c.local)), 5, 4)||':'||substr(lower(hex(c.local)), 9, 4)||':'||substr(lower(hex(c.local)), 13, 4)||':'||substr(lower(hex(c.local)), 17, 4)||':'||substr(lower(hex(c.local)), 21, 4)||':'||substr(lower(hex(c.local)), 25, 4)||':'||substr(lower(hex(c.local)), 29, 4) END AS local,
    c.local_port,
    rule.label AS rule,
    place.city,
    place.region,
    place.country,
    place.lat,
    place.lon,
    c.asn,
    asn.organisation,
    c.sent,
    c.received,
    c.rtt_us / 1000.0 AS rtt_ms,
    c.opened_ms,
    c.opened_ms + c.lasted_ms AS closed_ms
FROM connection AS c
LEFT JOIN agent ON agent.id = c.agent
LEFT JOIN program ON program.id = c.program
LEFT JOIN rule ON rule.id = c.rule
LEFT JOIN place ON place.id = c.place
LEFT JOIN asn ON asn.number = c.asn;

CREATE VIEW recordings AS
SELECT
    strftime('%Y-%m-%d %H:%M:%S', started_ms / 1000, 'unixepoch') AS started,
    strftime('%Y-%m-%d %H:%M:%S', seen_ms / 1000, 'unixepoch') AS last_seen,
    (seen_ms - started_ms) / 1000.0 AS lasted_s,
    ended AS ended_by_itself,
    started_ms,
    seen_ms
FROM recording;

CREATE VIEW hours AS
SELECT
    strftime('%Y-%m-%d %H:00', h.hour * 3600, 'unixepoch') AS hour,
    agent.name AS agent,
    rule.label AS rule,
    place.city,
    place.country,
    place.lat,
    place.lon,
    h.opened,
    h.hour * 3600000 AS hour_ms
FROM hourly AS h
LEFT JOIN agent ON agent.id = h.agent
LEFT JOIN rule ON rule.id = h.rule
LEFT JOIN place ON place.id = h.place;
