//! Ranges of addresses in sorted columns: the in-memory form of everything imported, and of the user's own
//! places. It knows numbers only; what a value stands for is its caller's affair.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Value of the addresses that no span covers.
const NOTHING: u32 = u32::MAX;

/// An address as a number: `u32` for IPv4, `u128` for IPv6.
pub trait Address: Copy + Ord {
    const FIRST: Self;
    const LAST: Self;
    /// The address after this one, or `None` after the last.
    fn after(self) -> Option<Self>;
    /// The address before this one; the first has none and stays.
    fn before(self) -> Self;
    /// How far `end` lies behind `self`.
    fn distance(self, end: Self) -> Self;
}

macro_rules! address {
    ($($number:ty),*) => {$(
        impl Address for $number {
            const FIRST: Self = 0;
            const LAST: Self = <$number>::MAX;
            fn after(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn before(self) -> Self {
                self.saturating_sub(1)
            }
            fn distance(self, end: Self) -> Self {
                end.saturating_sub(self)
            }
        }
    )*};
}
address!(u32, u128);

/// All addresses from `start` to `end`, both included, have `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<A> {
    pub start: A,
    pub end: A,
    pub value: u32,
}

/// A step function over all addresses: `values[i]` holds from `starts[i]` until the next start. Gaps are
/// steps too, so a row costs 8 bytes (IPv4) or 20 bytes (IPv6), and neighbours of equal value are one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns<A> {
    starts: Vec<A>,
    values: Vec<u32>,
}

impl<A: Address> Columns<A> {
    /// Spans may come in any order and overlap. Where they do, the narrowest wins; among equally wide ones
    /// that which starts later; among those of equal bounds the one later in `spans`. Spans with `end <
    /// start` are left out, as is the value `u32::MAX`, which stands for a gap.
    pub fn from_spans(mut spans: Vec<Span<A>>) -> Self {
        spans.retain(|span| span.start <= span.end && span.value != NOTHING);
        if !spans.is_sorted_by_key(|span| span.start) {
            // Stable: equal starts keep the order in which they came.
            spans.sort_by_key(|span| span.start);
        }
        let mut columns = Self { starts: Vec::new(), values: Vec::new() };
        let mut sweep = Sweep { spans: &spans, open: BinaryHeap::new(), cursor: Some(A::FIRST) };
        for (index, span) in spans.iter().enumerate() {
            sweep.run_to(Some(span.start), &mut columns);
            sweep.open.push((Reverse(span.start.distance(span.end)), index));
        }
        sweep.run_to(None, &mut columns);
        columns.merge_neighbours();
        columns
    }

    pub fn get(&self, address: A) -> Option<u32> {
        let row = self.starts.partition_point(|&start| start <= address).checked_sub(1)?;
        self.values.get(row).copied().filter(|&value| value != NOTHING)
    }

    pub fn is_empty(&self) -> bool {
        self.values.iter().all(|&value| value == NOTHING)
    }

    fn push(&mut self, start: A, value: u32) {
        self.starts.push(start);
        self.values.push(value);
    }

    fn merge_neighbours(&mut self) {
        let mut kept = 0;
        for row in 0..self.values.len() {
            if kept == 0 || self.values[kept - 1] != self.values[row] {
                self.starts[kept] = self.starts[row];
                self.values[kept] = self.values[row];
                kept += 1;
            }
        }
        self.starts.truncate(kept);
        self.values.truncate(kept);
        self.starts.shrink_to_fit();
        self.values.shrink_to_fit();
    }
}

/// Walks over the sorted spans; `open` holds those begun and not known to be over, the winner on top.
struct Sweep<'a, A> {
    spans: &'a [Span<A>],
    open: BinaryHeap<(Reverse<A>, usize)>,
    /// First address not decided yet; `None` behind the last address of all.
    cursor: Option<A>,
}

impl<A: Address> Sweep<'_, A> {
    /// Decides every address before `limit`, or all that are left.
    fn run_to(&mut self, limit: Option<A>, columns: &mut Columns<A>) {
        while let Some(cursor) = self.cursor.filter(|&cursor| limit.is_none_or(|limit| cursor < limit)) {
            match self.open.peek().map(|&(_, index)| self.spans[index]) {
                Some(span) if span.end < cursor => {
                    self.open.pop();
                }
                Some(span) => {
                    columns.push(cursor, span.value);
                    let last = limit.map_or(span.end, |limit| span.end.min(limit.before()));
                    self.cursor = last.after();
                }
                None => {
                    columns.push(cursor, NOTHING);
                    self.cursor = limit;
                }
            }
        }
    }
}

/// Takes spans one by one. As long as each begins behind the one before, as in nearly every file, they go
/// straight into columns, which need less than half the memory of a list of spans.
#[derive(Clone, Debug)]
pub struct ColumnsBuilder<A> {
    /// Spans in order, not merged, so that each can be had back.
    ordered: Columns<A>,
    /// First address behind the last span; `None` where that ends with the last address of all.
    next: Option<A>,
    /// All spans, from the first one on that came out of order.
    unordered: Vec<Span<A>>,
}

impl<A: Address> Default for ColumnsBuilder<A> {
    fn default() -> Self {
        let ordered = Columns { starts: Vec::new(), values: Vec::new() };
        Self { ordered, next: Some(A::FIRST), unordered: Vec::new() }
    }
}

impl<A: Address> ColumnsBuilder<A> {
    /// Spans may come in any order and overlap, as for [`Columns::from_spans`].
    pub fn push(&mut self, span: Span<A>) {
        if span.end < span.start || span.value == NOTHING {
            return;
        }
        match self.next {
            Some(next) if self.unordered.is_empty() && next <= span.start => {
                if next < span.start {
                    self.ordered.push(next, NOTHING);
                }
                self.ordered.push(span.start, span.value);
                self.next = span.end.after();
            }
            _ => {
                if self.unordered.is_empty() {
                    self.unordered = self.take_ordered();
                }
                self.unordered.push(span);
            }
        }
    }

    /// Overlaps are decided as by [`Columns::from_spans`].
    pub fn finish(mut self) -> Columns<A> {
        if !self.unordered.is_empty() {
            return Columns::from_spans(self.unordered);
        }
        if let Some(next) = self.next {
            self.ordered.push(next, NOTHING);
        }
        self.ordered.merge_neighbours();
        self.ordered
    }

    fn take_ordered(&mut self) -> Vec<Span<A>> {
        let Columns { starts, values } =
            std::mem::replace(&mut self.ordered, Columns { starts: Vec::new(), values: Vec::new() });
        let ends = starts.iter().skip(1).copied().map(Some).chain([self.next]);
        // Behind the last address of all there is no next one, and `end` is the last.
        let spans = starts.iter().zip(ends).zip(values);
        spans
            .filter(|&(_, value)| value != NOTHING)
            .map(|((&start, end), value)| Span { start, end: end.map_or(A::LAST, A::before), value })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule of `from_spans` by looking at every span.
    fn naive(spans: &[Span<u32>], address: u32) -> Option<u32> {
        spans
            .iter()
            .enumerate()
            .filter(|(_, span)| span.start <= address && address <= span.end)
            .max_by_key(|(index, span)| (Reverse(span.end - span.start), span.start, *index))
            .map(|(_, span)| span.value)
    }

    proptest! {
        #[test]
        fn columns_answer_as_the_naive_model(
            spans in prop::collection::vec((0u32..60, 0u32..30, 0u32..6), 0..24),
            offset in prop_oneof![Just(0u32), Just(u32::MAX - 89), 1000u32..2000],
        ) {
            let spans: Vec<_> = spans
                .into_iter()
                .map(|(start, width, value)| (start + offset, width, value))
                .map(|(start, width, value)| Span { start, end: start + width, value })
                .collect();
            let columns = Columns::from_spans(spans.clone());
            for address in (offset.saturating_sub(2)..=offset.saturating_add(95)).chain([0, u32::MAX]) {
                prop_assert_eq!(columns.get(address), naive(&spans, address), "address {}", address);
            }
        }

        #[test]
        fn both_widths_of_address_agree(
            spans in prop::collection::vec((any::<u32>(), any::<u32>(), 0u32..6), 0..24),
        ) {
            let narrow: Vec<_> = spans
                .iter()
                .map(|&(a, b, value)| Span { start: a.min(b), end: a.max(b), value })
                .collect();
            let wide = narrow
                .iter()
                .map(|s| Span { start: u128::from(s.start), end: u128::from(s.end), value: s.value })
                .collect();
            let narrow_columns = Columns::from_spans(narrow.clone());
            let wide_columns = Columns::from_spans(wide);
            for address in narrow.iter().flat_map(|s| [s.start, s.end, s.end / 2 + s.start / 2]) {
                prop_assert_eq!(narrow_columns.get(address), wide_columns.get(u128::from(address)));
                prop_assert_eq!(narrow_columns.get(address), naive(&narrow, address));
            }
        }
    }

    proptest! {
        #[test]
        fn the_builder_gives_what_a_list_of_spans_gives(
            spans in prop::collection::vec((0u32..200, 0u32..8, 0u32..6), 0..16),
            shuffled in any::<bool>(),
            at_the_end in any::<bool>(),
        ) {
            let shift = if at_the_end { u32::MAX - 206 } else { 0 };
            let mut spans: Vec<_> = spans
                .into_iter()
                .map(|(start, width, value)| Span { start: start + shift, end: start + shift + width, value })
                .collect();
            if !shuffled {
                spans.sort_by_key(|span| span.start);
                spans.dedup_by(|b, a| b.start <= a.end);
            }
            let mut builder = ColumnsBuilder::default();
            spans.iter().for_each(|&span| builder.push(span));
            let columns = builder.finish();
            for address in shift..=shift + 206 {
                prop_assert_eq!(columns.get(address), naive(&spans, address), "address {}", address);
            }
            prop_assert!(columns.values.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }

    #[test]
    fn neighbours_of_equal_value_are_one_row() {
        let span = |start: u32, end, value| Span { start, end, value };
        let columns = Columns::from_spans(vec![span(10, 19, 1), span(20, 29, 1), span(30, 39, 2)]);
        assert_eq!(columns.starts, [0, 10, 30, 40]);
        assert_eq!(Columns::from_spans(vec![span(0, u32::MAX, 7)]).starts, [0]);
    }
}
