//! Huffman codes as deflate has them (RFC 1951, 3.2.2): their lengths by how often symbols occur, the codes that follow
//! from the lengths, and the bits they are written to.

/// The longest code that deflate has. Bits.
pub const MAX_BITS: usize = 15;

/// A code as it is written, its first bit the lowest, and its number of bits; none of these for a symbol without one.
pub type Code = (u64, u32);

/// Lengths of codes for symbols that occur so often, none over `most_bits`. There are two codes at least, for readers
/// that take none of a single one.
pub fn lengths<const N: usize>(counts: &[u32; N], most_bits: usize) -> [u8; N] {
    let mut used: Vec<(u32, usize)> =
        counts.iter().copied().zip(0..).filter(|&(count, _)| count > 0).collect();
    let unused: Vec<_> = (0..N).filter(|&symbol| counts[symbol] == 0).take(2).collect();
    used.extend(unused.into_iter().take(2_usize.saturating_sub(used.len())).map(|symbol| (1, symbol)));
    used.sort_unstable();
    let mut with_bits = shortened(&depths(&used), most_bits);
    let mut lengths = [0; N];
    // The rarest get the longest.
    let mut bits = most_bits;
    for (_, symbol) in used {
        while bits > 1 && with_bits[bits] == 0 {
            bits -= 1;
        }
        with_bits[bits] = with_bits[bits].saturating_sub(1);
        lengths[symbol] = bits as u8;
    }
    lengths
}

/// How deep Huffman's tree has each symbol; they are sorted by their counts, two or more.
fn depths(sorted: &[(u32, usize)]) -> Vec<usize> {
    let leaves = sorted.len();
    let mut weights: Vec<u64> = sorted.iter().map(|&(count, _)| count.into()).collect();
    let mut parents = vec![0; 2 * leaves - 1];
    // Both leaves and the nodes above them come lightest first.
    let (mut leaf, mut inner) = (0, leaves);
    for node in leaves..2 * leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let next = if leaf < leaves && (inner == node || weights[leaf] <= weights[inner]) {
                &mut leaf
            } else {
                &mut inner
            };
            parents[*next] = node;
            weight += weights[*next];
            *next += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0; 2 * leaves - 1];
    for node in (0..2 * leaves - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(leaves);
    depths
}

/// Number of codes of each length, where those that are too long were cut and others made longer for it.
fn shortened(depths: &[usize], most_bits: usize) -> [u32; MAX_BITS + 1] {
    let mut with_bits = [0; MAX_BITS + 1];
    for &depth in depths {
        with_bits[depth.min(most_bits)] += 1;
    }
    // In units of the longest code: all codes together have as many as bits allow, once none is cut.
    let mut taken: u32 = (1..=most_bits).map(|bits| with_bits[bits] << (most_bits - bits)).sum();
    while taken > 1 << most_bits {
        let Some(bits) = (1..most_bits).rev().find(|&bits| with_bits[bits] > 0) else { break };
        with_bits[bits] -= 1;
        with_bits[bits + 1] += 2;
        with_bits[most_bits] -= 1;
        taken -= 1;
    }
    with_bits
}

/// Codes by their lengths.
pub fn codes<const N: usize>(lengths: &[u8; N]) -> [Code; N] {
    let mut with_bits = [0; MAX_BITS + 1];
    lengths.iter().for_each(|&bits| with_bits[usize::from(bits)] += 1);
    let (mut next, mut code) = ([0_u16; MAX_BITS + 1], 0);
    for bits in 1..MAX_BITS {
        code = (code + with_bits[bits]) << 1;
        next[bits + 1] = code;
    }
    lengths.map(|bits| {
        if bits == 0 {
            return (0, 0);
        }
        let code = &mut next[usize::from(bits)];
        *code += 1;
        (u64::from((*code - 1).reverse_bits() >> (16 - bits)), bits.into())
    })
}

/// Bits that are written one behind the other, the first one the lowest of its byte.
pub struct Bits {
    bytes: Vec<u8>,
    /// Whole bytes so far.
    written: usize,
    /// Bits behind these.
    rest: u64,
    rest_bits: u32,
}

impl Bits {
    /// Has room for so many bits.
    pub fn with_room(bits: u64) -> Self {
        // Eight bytes are stored at a time.
        Self { bytes: vec![0; bits as usize / 8 + 16], written: 0, rest: 0, rest_bits: 0 }
    }

    /// Adds bits that need not be stored before there are 56.
    #[inline(always)]
    pub fn add(&mut self, (bits, count): Code) {
        self.rest |= bits << self.rest_bits;
        self.rest_bits += count;
    }

    /// Whether the longest code has room before bits must be stored.
    #[inline(always)]
    pub const fn has_room(&self) -> bool {
        self.rest_bits as usize + MAX_BITS < u64::BITS as usize
    }

    /// Stores all whole bytes.
    #[inline(always)]
    pub fn store(&mut self) {
        self.bytes[self.written..self.written + 8].copy_from_slice(&self.rest.to_le_bytes());
        self.written += self.rest_bits as usize / 8;
        self.rest >>= self.rest_bits & !7;
        self.rest_bits &= 7;
    }

    /// All bytes, the last one filled up with zeros.
    pub fn finish(mut self) -> Vec<u8> {
        self.store();
        self.bytes.truncate(self.written + usize::from(self.rest_bits > 0));
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_fill_the_room_there_is_and_no_rarer_symbol_has_a_shorter_one(
            counts in proptest::array::uniform32(prop_oneof![Just(0), 1..5_u32, (0..31_u32).prop_map(|bits| 1 << bits)]),
            most_bits in 5..=MAX_BITS,
        ) {
            let lengths = lengths(&counts, most_bits);
            let used: Vec<_> = (0..32).filter(|&symbol| lengths[symbol] > 0).collect();
            prop_assert!(used.iter().all(|&symbol| usize::from(lengths[symbol]) <= most_bits));
            prop_assert!((0..32).all(|symbol| counts[symbol] == 0 || lengths[symbol] > 0));
            let room: u32 = used.iter().map(|&symbol| 1 << (most_bits - usize::from(lengths[symbol]))).sum();
            prop_assert_eq!(room, 1 << most_bits);
            for &a in &used {
                for &b in &used {
                    prop_assert!(counts[a] <= counts[b] || lengths[a] <= lengths[b]);
                }
            }
        }
    }
}
