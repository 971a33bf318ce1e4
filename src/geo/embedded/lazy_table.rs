//! Values by number that are made when first asked for and stay for as long as the table. Reading one takes no lock.

use std::{
    cell::UnsafeCell,
    io,
    mem::MaybeUninit,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use memmap2::MmapMut;

const LINE_BYTES: usize = 64;

/// Part of a cache line or a whole one, so that reading a value loads one line and not two. Of zeros: nothing made yet.
#[repr(align(32))]
struct Slot<T> {
    is_made: AtomicBool,
    value: UnsafeCell<MaybeUninit<T>>,
}

pub struct LazyTable<T: 'static> {
    /// In the memory below, and lent to nobody for longer than the table lives.
    slots: &'static [Slot<T>],
    /// Memory of the system's own, which takes none until it is written to.
    _memory: MmapMut,
    /// Numbers of the values that there are. Whoever makes one holds this.
    made: Mutex<Vec<usize>>,
}

// SAFETY: values go to other threads as with a `OnceLock`: lent to all of them, and made by one and dropped by another.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

impl<T> LazyTable<T> {
    /// Has room for values `0..len`.
    pub fn new(len: usize) -> io::Result<Self> {
        const { assert!(LINE_BYTES.is_multiple_of(size_of::<Slot<T>>())) };
        let mut memory = MmapMut::map_anon(len.max(1) * size_of::<Slot<T>>())?;
        // Single values all over the table would fill huge pages with nothing. Where there are none, none are declined.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::NoHugePage);
        let first = memory.as_mut_ptr().cast::<Slot<T>>();
        // SAFETY: the memory has room for the slots, is page-aligned, does not move with the table, and is there for as
        // long as the table, which does not give the slots away. It is zeros: slots without a value. It is only ever
        // written to through the cells of the slots.
        let slots = unsafe { std::slice::from_raw_parts(first, len) };
        Ok(Self { slots, _memory: memory, made: Mutex::default() })
    }

    /// Value `index`, made by `make` when nobody has asked for it before; `None` beyond the table's end.
    #[inline(always)]
    pub fn get_or_make(&self, index: usize, make: impl FnOnce() -> T) -> Option<&T> {
        let slot = self.slots.get(index)?;
        if !slot.is_made.load(Ordering::Acquire) {
            self.make(index, slot, make);
        }
        // SAFETY: made, by this thread or before what the load has seen; from then on nobody writes to it.
        Some(unsafe { (*slot.value.get()).assume_init_ref() })
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
        for slot in made.into_iter().filter_map(|index| self.slots.get(index)) {
            if slot.is_made.swap(false, Ordering::Relaxed) {
                // SAFETY: made, and from now on said not to be; nobody else has the table any more.
                unsafe { (*slot.value.get()).assume_init_drop() };
            }
        }
    }
}

impl<T> std::fmt::Debug for LazyTable<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LazyTable").field("len", &self.slots.len()).finish_non_exhaustive()
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
