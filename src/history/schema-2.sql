-- What version 2 of the history adds: sums of longer times, of whole days before `rolled_up_until_day` of `setting` (days
-- since the Unix epoch). They equal the sums of the hours and minutes in them.

CREATE TABLE daily (
    day INTEGER NOT NULL,       -- since the Unix epoch
    place INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    PRIMARY KEY (day, place, rule, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE monthly (
    month INTEGER NOT NULL,     -- of thirty days, since the Unix epoch
    place INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    PRIMARY KEY (month, place, rule, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE hourly_by_rule (
    hour INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    PRIMARY KEY (hour, rule)
) STRICT, WITHOUT ROWID;
