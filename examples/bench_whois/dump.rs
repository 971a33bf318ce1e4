//! A dump as a routing registry's: aut-nums with names, policies and dates; the same with each run.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

const WORDS: [&str; 20] = [
    "network",
    "of",
    "the",
    "university",
    "telecom",
    "internet",
    "services",
    "limited",
    "company",
    "data",
    "center",
    "hosting",
    "regional",
    "provider",
    "exchange",
    "systems",
    "research",
    "institute",
    "cable",
    "fiber",
];
/// Neighbours of a system: most have few.
const NEIGHBOURS: [u64; 7] = [1, 2, 2, 3, 4, 6, 12];

/// xorshift64* (Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % end
    }
}

/// Writes at least so many bytes; tells the number of objects, whose AS numbers count from 0.
pub fn write(path: &Path, bytes: u64) -> io::Result<u64> {
    let (mut random, mut output) = (Random(7), BufWriter::new(File::create(path)?));
    let (mut written, mut count, mut object) = (0, 0, Vec::new());
    while written < bytes {
        object.clear();
        self::object(count, &mut random, &mut object)?;
        output.write_all(&object)?;
        written += object.len() as u64;
        count += 1;
    }
    output.flush()?;
    Ok(count)
}

fn object(number: u64, random: &mut Random, output: &mut impl Write) -> io::Result<()> {
    let name = [0; 3].map(|_| WORDS[random.below(WORDS.len() as u64) as usize]);
    writeln!(output, "aut-num:        AS{number}")?;
    writeln!(output, "as-name:        {}-{number}", name.join("-").to_uppercase())?;
    writeln!(output, "descr:          {} {}", name.join(" "), random.below(9_999))?;
    writeln!(output, "org:            ORG-{}-RIPE", random.below(90_000))?;
    writeln!(output, "sponsoring-org: ORG-{}-RIPE", random.below(9_000))?;
    for _ in 0..NEIGHBOURS[random.below(7) as usize] {
        let (peer, preference) = (random.below(70_000), 100 + random.below(800));
        writeln!(output, "import:         from AS{peer} action pref={preference}; accept ANY")?;
        writeln!(output, "export:         to AS{peer} announce AS{number}")?;
    }
    writeln!(output, "admin-c:        DUMY-RIPE\ntech-c:         DUMY-RIPE\nstatus:         ASSIGNED")?;
    writeln!(output, "mnt-by:         RIPE-NCC-END-MNT\nmnt-by:         MNT-{}", random.below(30_000))?;
    let [year, month, day] = [(24, 2_002), (12, 1), (28, 1)].map(|(end, first)| first + random.below(end));
    let [hour, minute, second] = [24, 60, 60].map(|end| random.below(end));
    for date in ["created:        ", "last-modified:  "] {
        writeln!(output, "{date}{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")?;
    }
    writeln!(output, "source:         RIPE\n")
}
