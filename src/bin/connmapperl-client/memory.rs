//! How the C library's allocator shall keep house in a program that is small for hours and large for a moment.

/// Settings of `mallopt(3)`, by glibc's numbers.
#[cfg(target_env = "gnu")]
const SETTINGS: [(i32, i32); 3] = [
    // M_ARENA_MAX: one heap for the three threads, which seldom want memory at the same moment.
    (-8, 1),
    // M_MMAP_THRESHOLD: what is larger is mapped, and given back when it is freed. Left alone it grows with use.
    (-3, 64 * 1024),
    // M_TRIM_THRESHOLD: more than this free at the heap's end is given back.
    (-1, 64 * 1024),
];

#[cfg(target_env = "gnu")]
unsafe extern "C" {
    safe fn mallopt(parameter: i32, value: i32) -> i32;
}

/// Before any other thread is there.
pub fn keep_small() {
    #[cfg(target_env = "gnu")]
    for (parameter, value) in SETTINGS {
        // Where one is not taken, the program is larger than it need be, and nothing else.
        let _ = mallopt(parameter, value);
    }
}
