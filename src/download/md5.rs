//! MD5 (RFC 1321), for the sums that registries publish beside their files. It tells a file that was damaged on its way
//! from one that was not, and nothing about who made it: that is for TLS.

const BLOCK_BYTES: usize = 64;
/// Rotations of each round's four steps.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// A sum that grows with what it is given.
pub struct Md5 {
    state: [u32; 4],
    /// The start of a block that is not whole yet.
    rest: Vec<u8>,
    bytes: u64,
    constants: [u32; 64],
}

impl Default for Md5 {
    fn default() -> Self {
        let state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
        // The standard's own definition of them.
        let constants = std::array::from_fn(|i| ((i as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32);
        Self { state, rest: Vec::with_capacity(BLOCK_BYTES), bytes: 0, constants }
    }
}

impl Md5 {
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if !self.rest.is_empty() {
            let (head, tail) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.rest.len()));
            self.rest.extend_from_slice(head);
            bytes = tail;
            let Ok(block) = <[u8; BLOCK_BYTES]>::try_from(self.rest.as_slice()) else { return };
            self.block(&block);
            self.rest.clear();
        }
        let (blocks, rest) = bytes.as_chunks();
        blocks.iter().for_each(|block| self.block(block));
        self.rest.extend_from_slice(rest);
    }

    /// The sum in hexadecimal.
    pub fn finish(mut self) -> String {
        let bits = self.bytes.wrapping_mul(8);
        let zeros = (2 * BLOCK_BYTES - 9 - self.rest.len()) % BLOCK_BYTES;
        let padding = [&[0x80], vec![0; zeros].as_slice(), &bits.to_le_bytes()].concat();
        self.update(&padding);
        self.state.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
    }

    fn block(&mut self, block: &[u8; BLOCK_BYTES]) {
        let words = block.as_chunks::<4>().0;
        let [mut a, mut b, mut c, mut d] = self.state;
        for i in 0..64_usize {
            let (mixed, word) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), 5 * i + 1),
                2 => (b ^ c ^ d, 3 * i + 5),
                _ => (c ^ (b | !d), 7 * i),
            };
            let word = u32::from_le_bytes(words[word % 16]);
            let sum = a.wrapping_add(mixed).wrapping_add(self.constants[i]).wrapping_add(word);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (state, value) in self.state.iter_mut().zip([a, b, c, d]) {
            *state = state.wrapping_add(value);
        }
    }
}

/// The sum in a side file: `MD5 (name) = sum`, `sum  name`, or the sum alone.
pub fn sum_in(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let sum = words.find(|word| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    Some(sum.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_examples_agree() {
        for (text, sum) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            for pieces in [1, 3, 64, 100] {
                let mut md5 = Md5::default();
                text.as_bytes().chunks(pieces).for_each(|piece| md5.update(piece));
                assert_eq!(md5.finish(), sum, "{text}");
            }
        }
    }

    #[test]
    fn lengths_around_a_block_end_are_padded_right() {
        // From `md5sum` of so many times "x".
        for (length, sum) in [
            (55, "04364420e25c512fd958a70738aa8f72"),
            (56, "668a72d5ba17f08e62dabcafad6db14b"),
            (64, "c1bb4f81d892b2d57947682aeb252456"),
        ] {
            let mut md5 = Md5::default();
            md5.update("x".repeat(length).as_bytes());
            assert_eq!(md5.finish(), sum, "{length}");
        }
    }

    #[test]
    fn side_files_of_every_style_tell_the_sum() {
        let sum = "d41d8cd98f00b204e9800998ecf8427e";
        for text in [
            format!("MD5 (delegated-apnic-extended-latest) = {sum}"),
            format!("{sum}  delegated-arin-extended-20260928\n"),
            format!("  {}\n", sum.to_uppercase()),
        ] {
            assert_eq!(sum_in(&text).as_deref(), Some(sum), "{text}");
        }
        assert_eq!(sum_in("<html>404 d41d8cd98f00b204e9800998ecf8427</html>"), None);
    }
}
