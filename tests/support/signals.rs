//! Signals that the tests themselves were started to ignore, as by `nohup` or in the background of a shell: what they start
//! ignores these too.

use std::fs;

use rustix::process::Signal;

pub fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    let is_ignored = u64::from_str_radix(ignored, 16).unwrap() & (1 << (signal.as_raw() - 1)) != 0;
    if is_ignored {
        println!("skipped: the tests were started to ignore {signal:?}, and so is what they start");
    }
    is_ignored
}
