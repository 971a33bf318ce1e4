//! Who this agent is, in a way that tells nothing else of the machine.

use std::fs;

use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

const ID_BYTES: usize = 16;

/// What tells this machine, its boot and this run of the program from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub machine_id: Vec<u8>,
    pub boot_id: Vec<u8>,
    pub run_id: u64,
}

impl Identity {
    pub fn of_this_machine() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        Self {
            machine_id: machine_id(&read("/etc/machine-id")),
            boot_id: boot_id(&read("/proc/sys/kernel/random/boot_id")),
            run_id: random_u64(),
        }
    }
}

/// The machine's own id is a secret of the machine (machine-id(5)): what is told is derived from it. Without one it is
/// drawn anew in each run.
fn machine_id(own: &str) -> Vec<u8> {
    let own = own.trim();
    // systemd writes this while the machine is being set up.
    if own.is_empty() || own == "uninitialized" {
        return random_bytes().to_vec();
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, own.as_bytes());
    hmac::sign(&key, b"connmapperl").as_ref()[..ID_BYTES].to_vec()
}

/// As the kernel has it; where that cannot be read no two runs are known to share a boot.
fn boot_id(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
    if bytes.len() == ID_BYTES { bytes } else { random_bytes().to_vec() }
}

pub fn random_u64() -> u64 {
    random_bytes().first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

/// The kernel's random numbers do not fail once a machine is up; if they did, zeros would still tell no lie.
fn random_bytes() -> [u8; ID_BYTES] {
    let mut bytes = [0; ID_BYTES];
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_id_is_not_told() {
        let own = "0123456789abcdef0123456789abcdef\n";
        let told = machine_id(own);
        assert_eq!(told.len(), ID_BYTES);
        assert_eq!(told, machine_id(own));
        assert_ne!(told, machine_id("1123456789abcdef0123456789abcdef\n"));
        assert!(!told.starts_with(&[0x01, 0x23, 0x45]));
    }

    #[test]
    fn machines_without_an_id_are_not_taken_for_one_another() {
        assert_ne!(machine_id(""), machine_id(""));
        assert_ne!(machine_id("uninitialized\n"), machine_id("uninitialized\n"));
    }

    #[test]
    fn a_boot_is_known_by_the_kernels_number() {
        assert_eq!(
            boot_id("01234567-89ab-cdef-0123-456789abcdef\n"),
            [1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]
        );
        assert_ne!(boot_id(""), boot_id(""));
    }
}
