//! Memory that will be needed soon. With a thousand agents nothing of the one that speaks is in the processor's caches, and
//! each line of it would be waited for by itself.

/// Asks for all that `soon` consists of, and waits for nothing. Does nothing where this program does not know the
/// processor's way to do so.
#[inline(always)]
pub fn prefetch<T>(soon: &T) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of::<T>()).step_by(LINE_BYTES) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let at = std::ptr::from_ref(soon).cast::<i8>().wrapping_add(line);
        // SAFETY: it reads nothing and writes nothing, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = soon;
}

#[cfg(target_arch = "x86_64")]
const LINE_BYTES: usize = 64;
