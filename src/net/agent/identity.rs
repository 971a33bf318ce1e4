//! Who this agent is, in a way that tells nothing else of the machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

use super::state::{StateError, kept_id};

pub const ID_BYTES: usize = 16;
/// What two machines of one boot (containers) do not share, as long as either lives.
const NAMESPACES: [&str; 2] = ["ns/pid", "ns/net"];

/// What tells this machine, its boot and this run of the program from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub machine_id: Vec<u8>,
    pub boot_id: Vec<u8>,
    pub run_id: u64,
}

impl Identity {
    /// A machine without a number of its own is given one, which is kept in one of those folders; where that cannot be,
    /// the reason stands beside a number for this boot.
    pub fn of_this_machine(state_folders: &[PathBuf]) -> (Self, Option<StateError>) {
        let own = read("/etc/machine-id");
        let boot = read("/proc/sys/kernel/random/boot_id");
        let (machine_id, problem) = match machine_id(&own) {
            Some(id) => (id, None),
            None => match kept_id(state_folders, random_bytes()) {
                Ok(id) => (id, None),
                Err(error) => (id_for_a_boot(&boot, &surroundings()), Some(error)),
            },
        };
        let identity =
            Self { machine_id: machine_id.to_vec(), boot_id: boot_id(&boot).to_vec(), run_id: random_u64() };
        (identity, problem)
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The machine's own id is a secret of the machine (machine-id(5)): what is told is derived from it. `None` without one.
fn machine_id(own: &str) -> Option<[u8; ID_BYTES]> {
    let own = own.trim();
    // systemd writes this while the machine is being set up.
    let is_one = !own.is_empty() && own != "uninitialized";
    is_one.then(|| derived(own, "connmapperl"))
}

/// The same for every run until the machine starts anew.
fn id_for_a_boot(boot: &str, surroundings: &str) -> [u8; ID_BYTES] {
    match boot.trim() {
        "" => random_bytes(),
        boot => derived(boot, surroundings),
    }
}

fn surroundings() -> String {
    let link = |name| fs::read_link(Path::new("/proc/self").join(name)).unwrap_or_default();
    let [pids, network] = NAMESPACES.map(|name| link(name).display().to_string());
    format!("connmapperl {pids} {network} {}", read("/proc/sys/kernel/hostname"))
}

fn derived(secret: &str, of: &str) -> [u8; ID_BYTES] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    // The first half of the 32 bytes that it always has.
    hmac::sign(&key, of.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default()
}

/// As the kernel has it; where that cannot be read no two runs are known to share a boot.
fn boot_id(text: &str) -> [u8; ID_BYTES] {
    hexadecimal(&text.trim_end().replace('-', "")).unwrap_or_else(random_bytes)
}

/// Nothing but the digits of so many bytes.
pub fn hexadecimal(text: &str) -> Option<[u8; ID_BYTES]> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    let digits: [u8; 2 * ID_BYTES] = digits?.try_into().ok()?;
    Some(std::array::from_fn(|at| digits[2 * at] << 4 | digits[2 * at + 1]))
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

    const BOOT: &str = "01234567-89ab-cdef-0123-456789abcdef\n";

    #[test]
    fn the_machines_own_id_is_not_told() {
        let own = "0123456789abcdef0123456789abcdef\n";
        let told = machine_id(own).unwrap();
        assert_eq!(told, machine_id(own).unwrap());
        assert_ne!(told, machine_id("1123456789abcdef0123456789abcdef\n").unwrap());
        assert!(!told.starts_with(&[0x01, 0x23, 0x45]));
    }

    #[test]
    fn what_is_no_id_of_a_machine_is_not_taken_for_one() {
        assert_eq!(machine_id(""), None);
        assert_eq!(machine_id("uninitialized\n"), None);
    }

    #[test]
    fn an_id_for_a_boot_lasts_that_long_and_tells_neighbours_apart() {
        let id = id_for_a_boot(BOOT, &surroundings());
        assert_eq!(id, id_for_a_boot(BOOT, &surroundings()));
        assert_ne!(id, id_for_a_boot("11234567-89ab-cdef-0123-456789abcdef\n", &surroundings()));
        assert_ne!(id, id_for_a_boot(BOOT, "another container"));
        assert_ne!(id, boot_id(BOOT));
        assert_ne!(id_for_a_boot("", ""), id_for_a_boot("", ""));
    }

    #[test]
    fn a_boot_is_known_by_the_kernels_number() {
        assert_eq!(
            boot_id(BOOT),
            [1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]
        );
        assert_ne!(boot_id(""), boot_id(""));
    }
}
