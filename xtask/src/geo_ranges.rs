//! Address ranges between source and table: sorted, each with a number of the caller's, cut to a table's keys.

/// Addresses `first` to `last`, both included, as integers of their own width (IPv4: 32 bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub first: u128,
    pub last: u128,
    /// What the range has: index of a record, id of a place; 0 is free for "nothing".
    pub id: u32,
}

/// Joins neighbours with the same id.
pub fn merged(ranges: impl IntoIterator<Item = Range>) -> Vec<Range> {
    let mut merged: Vec<Range> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.id == range.id && last.last + 1 == range.first => last.last = range.last,
            _ => merged.push(range),
        }
    }
    merged
}

/// The parts of sorted `ranges` that lie within sorted `limits`, whatever the ids of the latter.
pub fn intersected(ranges: &[Range], limits: &[Range]) -> Vec<Range> {
    let mut parts = Vec::new();
    let mut limits = limits.iter().peekable();
    for range in ranges {
        while let Some(limit) = limits.peek() {
            let (first, last) = (range.first.max(limit.first), range.last.min(limit.last));
            if first <= last {
                parts.push(Range { first, last, ..*range });
            }
            if limit.last > range.last {
                break;
            }
            limits.next();
        }
    }
    parts
}

/// Cuts sorted ranges into rows of a table whose keys are the addresses without their lowest `drop_bits` bits.
/// Where several ranges share a key, the one with most of its addresses gets it. Gaps become rows with id 0.
pub fn rows(ranges: &[Range], drop_bits: u32) -> Vec<(u64, u32)> {
    let key = |address: u128| (address >> drop_bits) as u64;
    let mut rows = Rows::default();
    // The key that is not yet decided, and how many of its addresses each id has.
    let mut shared: Option<(u64, Vec<(u128, u32)>)> = None;
    for range in ranges {
        let (mut from, to) = (key(range.first), key(range.last));
        if let Some((open, _)) = &shared
            && *open < from
        {
            rows.settle(shared.take());
        }
        let starts_inside = u128::from(from) << drop_bits != range.first;
        if starts_inside || shared.is_some() {
            let end_of_key = ((u128::from(from) + 1) << drop_bits) - 1;
            let addresses = range.last.min(end_of_key) - range.first + 1;
            shared.get_or_insert_with(|| (from, Vec::new())).1.push((addresses, range.id));
            if range.last < end_of_key {
                continue;
            }
            rows.settle(shared.take());
            from += 1;
        }
        let ends_inside = (u128::from(to) + 1) << drop_bits != range.last + 1;
        if from < to || (from == to && !ends_inside) {
            rows.push(from, if ends_inside { to } else { to + 1 }, range.id);
        }
        if ends_inside && from <= to {
            shared = Some((to, vec![(range.last - (u128::from(to) << drop_bits) + 1, range.id)]));
        }
    }
    rows.settle(shared);
    rows.finish()
}

#[derive(Default)]
struct Rows {
    rows: Vec<(u64, u32)>,
    /// First key after the last row.
    end: u64,
}

impl Rows {
    /// Keys `from` to `to`, the latter excluded.
    fn push(&mut self, from: u64, to: u64, id: u32) {
        if self.end < from && self.rows.last().is_some_and(|&(_, id)| id != 0) {
            self.rows.push((self.end, 0));
        }
        if self.rows.last().map_or(0, |&(_, id)| id) != id {
            self.rows.push((from, id));
        }
        self.end = to;
    }

    fn settle(&mut self, shared: Option<(u64, Vec<(u128, u32)>)>) {
        let Some((key, mut shares)) = shared else { return };
        shares.sort_by_key(|&(_, id)| id);
        let sum_of_same = shares.chunk_by(|a, b| a.1 == b.1);
        let largest =
            sum_of_same.map(|same| (same.iter().map(|share| share.0).sum::<u128>(), same[0].1)).max();
        if let Some((_, id)) = largest {
            self.push(key, key + 1, id);
        }
    }

    fn finish(mut self) -> Vec<(u64, u32)> {
        if self.rows.last().is_some_and(|&(_, id)| id != 0) {
            self.rows.push((self.end, 0));
        }
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u128, last: u128, id: u32) -> Range {
        Range { first, last, id }
    }

    #[test]
    fn uncut_ranges_keep_their_edges_and_gaps() {
        let ranges = [range(10, 19, 1), range(20, 29, 2), range(40, 40, 3)];
        assert_eq!(rows(&ranges, 0), [(10, 1), (20, 2), (30, 0), (40, 3), (41, 0)]);
    }

    #[test]
    fn a_shared_key_goes_to_the_largest_share() {
        // Keys of 16 addresses: 1 = 16..=31, 2 = 32..=47.
        let ranges =
            [range(16, 19, 1), range(20, 24, 2), range(25, 28, 1), range(30, 34, 3), range(40, 70, 4)];
        assert_eq!(rows(&ranges, 4), [(1, 1), (2, 4), (5, 0)]);
    }

    #[test]
    fn a_range_that_ends_inside_a_key_keeps_the_keys_it_has_alone() {
        let ranges = [range(0, 35, 1), range(36, 47, 2), range(48, 63, 3)];
        assert_eq!(rows(&ranges, 4), [(0, 1), (2, 2), (3, 3), (4, 0)]);
    }

    #[test]
    fn an_intersection_keeps_what_both_have() {
        let ranges = [range(0, 9, 1), range(10, 19, 2), range(30, 39, 3)];
        let limits = [range(5, 6, 7), range(8, 12, 7), range(15, 34, 7), range(36, 50, 7)];
        let expected = [
            range(5, 6, 1),
            range(8, 9, 1),
            range(10, 12, 2),
            range(15, 19, 2),
            range(30, 34, 3),
            range(36, 39, 3),
        ];
        assert_eq!(intersected(&ranges, &limits), expected);
    }

    #[test]
    fn neighbours_of_one_id_are_one_range() {
        let ranges = [range(0, 4, 1), range(5, 9, 1), range(11, 12, 1), range(13, 14, 2)];
        assert_eq!(merged(ranges), [range(0, 9, 1), range(11, 12, 1), range(13, 14, 2)]);
    }
}
