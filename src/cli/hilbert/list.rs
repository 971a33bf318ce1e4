//! A list of addresses as ipv4-heatmap takes it: one a line, and behind it, after blanks, how often, where that is not once.
//! Empty lines say nothing.

use std::{
    io::{self, BufRead, Read},
    net::Ipv4Addr,
};

use crate::hilbert::heat::Heat;

/// A line that is longer is none, and what is shown of it ends here. Bytes.
const LONGEST_LINE: u64 = 256;

/// Counts all of them; of what is none, `bad` is told how many there were, the line's number and its text. Returns how many
/// lines were bad.
///
/// # Errors
/// When the list cannot be read to its end.
pub fn read(
    mut input: impl BufRead,
    heat: &mut Heat,
    mut bad: impl FnMut(u64, u64, &str),
) -> io::Result<u64> {
    let (mut bad_lines, mut number, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(bad_lines);
        }
        number += 1;
        let is_whole = line.len() < LONGEST_LINE as usize || line.ends_with(b"\n");
        if !is_whole {
            // Its end too is none.
            input.skip_until(b'\n')?;
        }
        let text = line.trim_ascii();
        match address(text).filter(|_| is_whole) {
            Some((address, count)) => heat.add(address.to_bits(), count),
            None if text.is_empty() && is_whole => {}
            None => {
                bad_lines += 1;
                bad(bad_lines, number, &String::from_utf8_lossy(text));
            }
        }
    }
}

fn address(line: &[u8]) -> Option<(Ipv4Addr, u32)> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let address = words.next()?.parse().ok()?;
    let count = words.next().map_or(Some(1), |count| count.parse().ok())?;
    words.next().is_none().then_some((address, count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hilbert::Prefix;

    fn read_all(text: &[u8]) -> (Vec<(u32, u32)>, Vec<(u64, String)>) {
        let (mut heat, mut bad) = (Heat::default(), Vec::new());
        let count = read(text, &mut heat, |_, number, text| bad.push((number, text.to_owned()))).unwrap();
        assert_eq!(count, bad.len() as u64);
        (heat.counts(Prefix::ALL).collect(), bad)
    }

    #[test]
    fn addresses_are_counted_and_bad_lines_told_by_number() {
        let (counts, bad) =
            read_all(b"8.8.8.8\n\n 8.8.8.8 4\r\n300.1.1.1\n1.2.3.4\t0\n1.1.1.1 x\n::1\n9.9.9.9");
        assert_eq!(counts, [(0x0808_0808, 5), (0x0909_0909, 1)]);
        let expected = [(4, "300.1.1.1"), (6, "1.1.1.1 x"), (7, "::1")];
        assert_eq!(bad, expected.map(|(number, text)| (number, text.to_owned())));
    }

    #[test]
    fn a_line_without_end_is_one_bad_line() {
        let mut text = vec![b'1'; 100_000];
        text.extend(b"\n8.8.8.8\n");
        let (counts, bad) = read_all(&text);
        assert_eq!((counts.len(), bad.len(), bad[0].0), (1, 1, 1));
        assert!(bad[0].1.len() <= LONGEST_LINE as usize);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_list_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600), words in "([0-9. :x\n]{0,40})") {
            read_all(&bytes);
            read_all(words.as_bytes());
        }
    }
}
