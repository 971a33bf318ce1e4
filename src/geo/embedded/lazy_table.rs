//! Values by number that are made when first asked for and stay for as long as the table. Reading one takes no lock.

use std::{
    cell::UnsafeCell,
    io,
    marker::PhantomData,
    mem::MaybeUninit,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use memmap2::MmapMut;

/// Bytes of a cache line. Slots are a part of one or whole ones, so that reading a value loads no more lines than it
/// must.
const LINE_BYTES: usize = 64;

/// Of zeros: nothing made yet.
struct Slot<T> {
    is_made: AtomicBool,
    value: UnsafeCell<MaybeUninit<T>>,
}

pub struct LazyTable<T> {
    /// The slots. Memory of the system's own, which takes none until it is written to.
    memory: MmapMut,
    len: usize,
    /// Numbers of the values that there are. Whoever makes one holds this.
    made: Mutex<Vec<usize>>,
    values: PhantomData<T>,
}

// SAFETY: values go to other threads as with a `OnceLock`: lent to all of them, and made by one and dropped by another.
unsafe impl<T: Send + Sync> Sync for LazyTable<T> {}

impl<T> LazyTable<T> {
    const SLOT_BYTES: usize = size_of::<Slot<T>>().next_power_of_two();

    /// Has room for values `0..len`.
    pub fn new(len: usize) -> io::Result<Self> {
        const { assert!(align_of::<Slot<T>>() <= LINE_BYTES) };
        let memory = MmapMut::map_anon(len.max(1) * Self::SLOT_BYTES)?;
        // Single values all over the table would fill huge pages with nothing. Where there are none, none are declined.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::NoHugePage);
        Ok(Self { memory, len, made: Mutex::default(), values: PhantomData })
    }

    /// Value `index`, made by `make` when nobody has asked for it before; `None` beyond the table's end.
    #[inline(always)]
    pub fn get_or_make(&self, index: usize, make: impl FnOnce() -> T) -> Option<&T> {
        let slot = self.slot(index)?;
        if !slot.is_made.load(Ordering::Acquire) {
            self.make(index, slot, make);
        }
        // SAFETY: made, by this thread or before what the load has seen; from then on nobody writes to it.
        Some(unsafe { (*slot.value.get()).assume_init_ref() })
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        if index >= self.len {
            return None;
        }
        // SAFETY: within the memory, which is page-aligned, and slots are a power of two apart that is not below their
        // size. Zeros, as the memory is at first, are a slot without a value. It is only ever written to by `make`, through
        // the cells of the slot.
        Some(unsafe { &*self.memory.as_ptr().wrapping_add(index.wrapping_mul(Self::SLOT_BYTES)).cast() })
    }

    #[cold]
    fn make(&self, index: usize, slot: &Slot<T>, make: impl FnOnce() -> T) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_made.load(Ordering::Relaxed) {
            return;
        }
        let value = make();
        made.push(index);
        // SAFETY: nobody reads the value before it is said to be made, and nobody else writes while the lock is held.
        unsafe { (*slot.value.get()).write(value) };
        slot.is_made.store(true, Ordering::Release);
    }
}

impl<T> Drop for LazyTable<T> {
    fn drop(&mut self) {
        let made = std::mem::take(self.made.get_mut().unwrap_or_else(PoisonError::into_inner));
        for slot in made.into_iter().filter_map(|index| self.slot(index)) {
            if slot.is_made.swap(false, Ordering::Relaxed) {
                // SAFETY: made, and from now on said not to be; nobody else has the table any more.
                unsafe { (*slot.value.get()).assume_init_drop() };
            }
        }
    }
}

impl<T> std::fmt::Debug for LazyTable<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LazyTable").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_value_is_made_once_and_lent_ever_after() {
        let table = LazyTable::new(300).unwrap();
        assert_eq!(table.get_or_make(299, || "first".to_owned()), Some(&"first".to_owned()));
        assert_eq!(table.get_or_make(299, || unreachable!()).map(String::as_str), Some("first"));
        assert_eq!(table.get_or_make(298, || "beside".to_owned()).map(String::as_str), Some("beside"));
        assert_eq!(table.get_or_make(0, || "other".to_owned()).map(String::as_str), Some("other"));
        assert_eq!(table.get_or_make(300, || unreachable!()), None);
    }

    #[test]
    fn values_are_dropped_with_their_table() {
        let value = Arc::new(());
        let table = LazyTable::new(5000).unwrap();
        for index in [0, 17, 4999, 17] {
            table.get_or_make(index, || value.clone());
        }
        assert_eq!(Arc::strong_count(&value), 4);
        drop(table);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn threads_that_ask_at_once_get_the_same_value() {
        let table = LazyTable::new(1000).unwrap();
        std::thread::scope(|scope| {
            let ask = || {
                (0..1000).map(|i| table.get_or_make(i, || Arc::new(i)).unwrap().clone()).collect::<Vec<_>>()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            for (i, value) in answers[0].iter().enumerate() {
                assert_eq!(**value, i);
                assert!(answers.iter().all(|other| Arc::ptr_eq(&other[i], value)));
            }
        });
    }
}
