//! Packs a block as zlib does (RFC 1950 and 1951), for texts whose lines repeat one another: these a third faster than the
//! fastest level of what packs any data, and smaller. One place is looked at for what was there before, matches are five
//! bytes or more, and one Huffman code serves the block. Unpacking is left to others.

use super::huffman::{Bits, Code, MAX_BITS, codes, lengths};

/// Below, literals take no more room than a repetition does. Bytes.
const SHORTEST: usize = 5;
/// What deflate allows. Bytes.
const LONGEST: usize = 258;
const FURTHEST: usize = 32 << 10;
/// Places that are remembered: 16 kB of them stay in the processor's nearest cache beside the text.
const PLACES_BITS: u32 = 13;
/// The longer nothing is found, the further the next look: one byte more after so many, as a power of two.
const HASTE_BITS: u32 = 6;

/// Symbols of literals, of the end, and of lengths.
const SYMBOLS: usize = 286;
const END: usize = 256;
const DISTANCES: usize = 30;
/// Symbols that the lengths of both codes are written in, in the order in which theirs are.
const LENGTHS: usize = 19;
const LENGTHS_ORDER: [usize; LENGTHS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTHS_MAX_BITS: usize = 7;
/// A symbol of lengths and what stands behind it have 14 bits at most, and there are no more of them than lengths.
const HEADER_MAX_BITS: u64 = 3 + 14 + 3 * LENGTHS as u64 + 14 * (SYMBOLS + DISTANCES) as u64;
/// Deflate with a window of 32 kB, packed fast.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

/// Literals, and after them a repetition of what stands `distance` bytes before.
struct Step {
    literals: u32,
    length: u16,
    distance: u16,
}

/// Symbol, and what stands behind it: value and number of bits.
type Symbol = (usize, u64, u32);

pub struct Deflater {
    /// The lower half of the place where bytes of a hash were last seen.
    places: Box<[u16; 1 << PLACES_BITS]>,
    steps: Vec<Step>,
    symbols: [u32; SYMBOLS],
    distances: [u32; DISTANCES],
    /// Bits that stand behind symbols.
    bits_behind: u64,
}

impl Default for Deflater {
    fn default() -> Self {
        Self {
            places: Box::new([0; 1 << PLACES_BITS]),
            steps: Vec::new(),
            symbols: [0; SYMBOLS],
            distances: [0; DISTANCES],
            bits_behind: 0,
        }
    }
}

impl Deflater {
    pub fn pack(&mut self, block: &[u8]) -> Vec<u8> {
        self.find_steps(block);
        let (symbol_bits, distance_bits) =
            (lengths(&self.symbols, MAX_BITS), lengths(&self.distances, MAX_BITS));
        let mut output = Bits::with_room(HEADER_MAX_BITS + self.bits(&symbol_bits, &distance_bits));
        ZLIB_HEADER.into_iter().for_each(|byte| output.add((byte.into(), 8)));
        write_lengths(&symbol_bits, &distance_bits, &mut output);
        self.write_steps(block, &codes(&symbol_bits), &codes(&distance_bits), &mut output);
        let mut bytes = output.finish();
        bytes.extend_from_slice(&adler32(block).to_be_bytes());
        bytes
    }

    /// Finds what the block repeats, and counts the symbols that it takes to say so.
    fn find_steps(&mut self, block: &[u8]) {
        self.places.fill(0);
        self.steps.clear();
        self.symbols = [0; SYMBOLS];
        self.distances = [0; DISTANCES];
        self.bits_behind = 0;
        let (mut at, mut literals_at) = (0, 0);
        while let Some(here) = eight(block, at) {
            let place = &mut self.places[hash(here)];
            let distance = usize::from((at as u16).wrapping_sub(*place));
            *place = at as u16;
            let is_there = (1..=FURTHEST.min(at)).contains(&distance)
                && eight(block, at - distance).is_some_and(|there| begins_alike(here, there));
            if !is_there {
                at += 1 + ((at - literals_at) >> HASTE_BITS);
                continue;
            }
            let most = LONGEST.min(block.len() - at);
            let mut length =
                SHORTEST + alike(&block[at + SHORTEST..at + most], &block[at + SHORTEST - distance..]);
            while at > literals_at
                && at > distance
                && length < LONGEST
                && block[at - 1] == block[at - 1 - distance]
            {
                (at, length) = (at - 1, length + 1);
            }
            self.count_literals(&block[literals_at..at]);
            let (length_symbol, distance_symbol) = (length_symbol(length), distance_symbol(distance));
            self.symbols[length_symbol.0] += 1;
            self.distances[distance_symbol.0] += 1;
            self.bits_behind += u64::from(length_symbol.2 + distance_symbol.2);
            let literals = (at - literals_at) as u32;
            self.steps.push(Step { literals, length: length as u16, distance: distance as u16 });
            for place in [at + 1, at + length - 2] {
                if let Some(next) = eight(block, place) {
                    self.places[hash(next)] = place as u16;
                }
            }
            at += length;
            literals_at = at;
        }
        self.count_literals(&block[literals_at..]);
        self.symbols[END] += 1;
    }

    fn count_literals(&mut self, literals: &[u8]) {
        literals.iter().for_each(|&literal| self.symbols[usize::from(literal)] += 1);
    }

    /// Bits of all that was counted.
    fn bits(&self, symbol_bits: &[u8; SYMBOLS], distance_bits: &[u8; DISTANCES]) -> u64 {
        let code_bits = |counts: &[u32], bits: &[u8]| -> u64 {
            counts.iter().zip(bits).map(|(&count, &bits)| u64::from(count) * u64::from(bits)).sum()
        };
        code_bits(&self.symbols, symbol_bits) + code_bits(&self.distances, distance_bits) + self.bits_behind
    }

    fn write_steps(
        &self,
        block: &[u8],
        symbols: &[Code; SYMBOLS],
        distances: &[Code; DISTANCES],
        output: &mut Bits,
    ) {
        let write_literals = |literals: &[u8], output: &mut Bits| {
            for &literal in literals {
                if !output.has_room() {
                    output.store();
                }
                output.add(symbols[usize::from(literal)]);
            }
            output.store();
        };
        let mut rest = block;
        for step in &self.steps {
            let (literals, behind) = rest.split_at(step.literals as usize);
            write_literals(literals, output);
            let (symbol, value, bits) = length_symbol(step.length.into());
            output.add(symbols[symbol]);
            output.add((value, bits));
            let (symbol, value, bits) = distance_symbol(step.distance.into());
            output.add(distances[symbol]);
            output.add((value, bits));
            output.store();
            rest = &behind[step.length.into()..];
        }
        write_literals(rest, output);
        output.add(symbols[END]);
        output.store();
    }
}

/// The block's beginning: that it is the last one, with codes of its own, and the lengths of these.
fn write_lengths(symbol_bits: &[u8; SYMBOLS], distance_bits: &[u8; DISTANCES], output: &mut Bits) {
    let mut runs: Vec<Symbol> = Vec::new();
    let all = [symbol_bits.as_slice(), distance_bits].concat();
    for mut run in all.chunk_by(|a, b| a == b) {
        while let [bits, ..] = run {
            // Zeros that follow one another, the same length again, or a length.
            let (symbol, count) = match (bits, run.len()) {
                (0, count @ 11..) => ((18, count.min(138) as u64 - 11, 7), count.min(138)),
                (0, count @ 3..) => ((17, count as u64 - 3, 3), count),
                (&bits, count) => {
                    runs.push((bits.into(), 0, 0));
                    match count - 1 {
                        again @ 3.. => ((16, again.min(6) as u64 - 3, 2), 1 + again.min(6)),
                        _ => {
                            run = &run[1..];
                            continue;
                        }
                    }
                }
            };
            runs.push(symbol);
            run = &run[count..];
        }
    }
    let mut counts = [0; LENGTHS];
    runs.iter().for_each(|&(symbol, ..)| counts[symbol] += 1);
    let bits = lengths(&counts, LENGTHS_MAX_BITS);
    let codes = codes(&bits);
    output.add((0b101, 3));
    for (value, bits) in [(SYMBOLS - 257, 5), (DISTANCES - 1, 5), (LENGTHS - 4, 4)] {
        output.add((value as u64, bits));
    }
    for symbol in LENGTHS_ORDER {
        output.store();
        output.add((bits[symbol].into(), 3));
    }
    for (symbol, value, bits) in runs {
        output.store();
        output.add(codes[symbol]);
        output.add((value, bits));
    }
    output.store();
}

/// The next eight bytes, the first one the lowest; `None` where there are fewer.
fn eight(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Whether the bytes of the shortest match are the same.
const fn begins_alike(a: u64, b: u64) -> bool {
    (a ^ b) << (u64::BITS as usize - 8 * SHORTEST) == 0
}

/// Of the bytes of the shortest match: multiplied by 2^64 over the golden ratio (Knuth), the upper bits.
const fn hash(eight: u64) -> usize {
    let bytes = eight << (u64::BITS as usize - 8 * SHORTEST);
    (bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PLACES_BITS)) as usize
}

/// Bytes that both begin with; `b` is no shorter.
fn alike(a: &[u8], b: &[u8]) -> usize {
    let mut count = 0;
    while let (Some(a), Some(b)) = (eight(a, count), eight(b, count)) {
        if a != b {
            return count + (a ^ b).trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    count + a[count..].iter().zip(&b[count..]).take_while(|(a, b)| a == b).count()
}

/// RFC 1951, 3.2.5: four symbols for each doubling, the longest has one of its own.
fn length_symbol(length: usize) -> Symbol {
    static SYMBOLS_OF_LENGTHS: [Symbol; LONGEST + 1] = {
        let (mut symbols, mut length) = ([(0, 0, 0); LONGEST + 1], 3);
        while length < LONGEST {
            symbols[length] = doubling_symbol(length - 3, 2);
            symbols[length].0 += 257;
            length += 1;
        }
        symbols[LONGEST] = (285, 0, 0);
        symbols
    };
    SYMBOLS_OF_LENGTHS[length]
}

/// As above: two symbols for each doubling.
const fn distance_symbol(distance: usize) -> Symbol {
    doubling_symbol(distance - 1, 1)
}

/// Symbol of a number of which the upper bits are in the symbol, one and `bits` more, the others behind it.
const fn doubling_symbol(number: usize, bits: u32) -> Symbol {
    let behind = (usize::BITS - number.leading_zeros()).saturating_sub(bits + 1);
    let symbol = ((behind as usize) << bits) + (number >> behind);
    (symbol, (number & ((1 << behind) - 1)) as u64, behind)
}

/// RFC 1950, 8.2, with sums for each column of rows of `LANES` bytes, which are added side by side.
fn adler32(text: &[u8]) -> u32 {
    const MODULUS: u64 = 65_521;
    const LANES: usize = 32;
    /// Sums of so many rows stay below 2^32.
    const ROWS: usize = 4_096;
    let (mut sum, mut sum_of_sums) = (1_u64, 0_u64);
    for part in text.chunks(ROWS * LANES) {
        let (rows, rest) = part.as_chunks::<LANES>();
        let (mut sums, mut before) = ([0_u32; LANES], [0_u32; LANES]);
        for row in rows {
            for lane in 0..LANES {
                // Unchecked additions are done side by side.
                before[lane] = before[lane].wrapping_add(sums[lane]);
                sums[lane] = sums[lane].wrapping_add(row[lane].into());
            }
        }
        sum_of_sums += sum * (rows.len() * LANES) as u64;
        for lane in 0..LANES {
            sum += u64::from(sums[lane]);
            sum_of_sums +=
                u64::from(before[lane]) * LANES as u64 + u64::from(sums[lane]) * (LANES - lane) as u64;
        }
        for &byte in rest {
            sum += u64::from(byte);
            sum_of_sums += sum;
        }
        (sum, sum_of_sums) = (sum % MODULUS, sum_of_sums % MODULUS);
    }
    (sum_of_sums << 16 | sum) as u32
}

#[cfg(test)]
mod tests {
    use super::{super::pack::unpack, *};
    use proptest::prelude::*;

    fn assert_same_again(blocks: &[Vec<u8>]) {
        let mut deflater = Deflater::default();
        for block in blocks {
            let packed = deflater.pack(block);
            assert!(
                packed.len() <= block.len() + block.len() / 100 + 120,
                "{} of {}",
                packed.len(),
                block.len()
            );
            assert!(unpack(&packed, block.len()).as_ref() == Some(block), "{block:?}");
        }
    }

    proptest! {
        #[test]
        fn blocks_are_the_same_again(
            any in proptest::collection::vec(any::<u8>(), 0..2_000),
            words in proptest::collection::vec((0..12_usize, 0..400_usize), 0..300),
        ) {
            // Pieces of a text, of all lengths and from all distances.
            let text: Vec<u8> = (0..1_000_u32).flat_map(|i| i.wrapping_mul(i).to_string().into_bytes()).collect();
            let pieces = words.iter().flat_map(|&(at, length)| &text[at * 200..][..length]);
            assert_same_again(&[any, pieces.copied().collect()]);
        }
    }

    #[test]
    fn long_blocks_runs_and_far_repetitions_are_the_same_again() {
        let far = |distance: usize| {
            let mut block = vec![b'.'; distance + 40];
            block[..10].copy_from_slice(b"0123456789");
            block[distance..distance + 10].copy_from_slice(b"0123456789");
            block
        };
        let numbers: Vec<u8> = (0..400_000_u32).flat_map(|i| (i % 70_001).to_string().into_bytes()).collect();
        let any: Vec<u8> = (0..200_000_u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 23) as u8).collect();
        let same = |count| vec![b'a'; count];
        let fibonacci = (0..24_u8).scan((1, 1), |(a, b), symbol| {
            (*a, *b) = (*b, *a + *b);
            Some(vec![symbol; *a])
        });
        assert_same_again(&[
            Vec::new(),
            same(1),
            same(9),
            same(258),
            same(259),
            same(1 << 20),
            far(FURTHEST - 1),
            far(FURTHEST),
            far(FURTHEST + 1),
            far(2 * FURTHEST),
            fibonacci.flatten().collect(),
            any,
            numbers,
        ]);
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
