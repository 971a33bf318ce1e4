//! Packs the texts of an import on threads of their own, so that reading and packing go on at the same time. A block goes
//! to the next thread in turn, and is taken back in turn, which keeps the order.

use std::{
    io,
    thread::{self, JoinHandle},
};

use connmapperl::whois::index::{BlockPacker, Packed, Packer};
use crossbeam_channel::{Receiver, Sender, bounded};

/// Blocks that a thread has or has packed: enough for it never to wait while a file is read.
const BLOCKS_IN_WORK: usize = 4;
/// More threads than this wait for the one that reads.
const MOST_THREADS: usize = 4;

/// As many threads as there are processors beside the one that reads; without any of these, none.
pub fn packer() -> io::Result<Box<dyn Packer>> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    if processors == 1 {
        return Ok(Box::new(BlockPacker::default()));
    }
    let workers = (1..processors.min(MOST_THREADS + 1)).map(Worker::start).collect::<io::Result<_>>()?;
    Ok(Box::new(Threads { workers, given: 0, taken: 0 }))
}

struct Threads {
    workers: Vec<Worker>,
    /// Blocks that were handed to threads, and that were taken back.
    given: usize,
    taken: usize,
}

impl Threads {
    fn take(&mut self) -> io::Result<Packed> {
        let worker = &self.workers[self.taken % self.workers.len()];
        self.taken += 1;
        worker.packed.recv().unwrap_or_else(|_| Err(ended()))
    }
}

impl Packer for Threads {
    fn pack(&mut self, block: Vec<u8>) -> io::Result<Option<Packed>> {
        let is_full = self.given - self.taken >= self.workers.len() * BLOCKS_IN_WORK;
        let packed = if is_full { Some(self.take()?) } else { None };
        let blocks = self.workers[self.given % self.workers.len()].blocks.as_ref();
        blocks.and_then(|blocks| blocks.send(block).ok()).ok_or_else(ended)?;
        self.given += 1;
        Ok(packed)
    }

    fn finish(&mut self) -> io::Result<Option<Packed>> {
        if self.taken == self.given { Ok(None) } else { self.take().map(Some) }
    }
}

fn ended() -> io::Error {
    io::Error::other("a thread that packs has ended")
}

struct Worker {
    /// Closed, and so `None`, at the end.
    blocks: Option<Sender<Vec<u8>>>,
    packed: Receiver<io::Result<Packed>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn start(number: usize) -> io::Result<Self> {
        let (blocks, work) = bounded::<Vec<u8>>(BLOCKS_IN_WORK);
        let (done, packed) = bounded(BLOCKS_IN_WORK);
        let pack = move || {
            let mut packer = BlockPacker::default();
            for block in work {
                if done.send(packer.pack_block(&block)).is_err() {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name(format!("pack-{number}")).spawn(pack)?;
        Ok(Self { blocks: Some(blocks), packed, thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.blocks = None;
        // What nobody takes any more would keep it waiting.
        while self.packed.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has said so.
            let _ = thread.join();
        }
    }
}
