//! Packs the texts of an import on threads of their own, so that reading and packing go on at the same time. A block goes
//! to the next thread in turn, and is taken back in turn, which keeps the order. One that the next thread has no room for is
//! packed by who reads, who would only wait for it.

use std::{
    collections::VecDeque,
    io,
    thread::{self, JoinHandle},
};

use connmapperl::whois::index::{BlockPacker, Packed, Packer};
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};

/// Blocks that wait for a thread: some milliseconds of its work, for which other programs may keep it from its processor.
const BLOCKS_IN_WORK: usize = 16;
/// Blocks for each thread that were not taken back yet, those included that were packed meanwhile by who reads: some
/// megabytes.
const MOST_BLOCKS: usize = 4 * BLOCKS_IN_WORK;
/// More threads than this wait for the one that reads.
const MOST_THREADS: usize = 4;

/// As many threads as there are processors beside the one that reads; without any of these, none.
pub fn packer() -> io::Result<Box<dyn Packer>> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    if processors == 1 {
        return Ok(Box::new(BlockPacker::default()));
    }
    let workers = (1..processors.min(MOST_THREADS + 1)).map(Worker::start).collect::<io::Result<_>>()?;
    Ok(Box::new(Threads { workers, next: 0, own: BlockPacker::default(), in_turn: VecDeque::new() }))
}

struct Threads {
    workers: Vec<Worker>,
    /// Who gets the next block.
    next: usize,
    own: BlockPacker,
    /// Blocks that were not taken back yet.
    in_turn: VecDeque<Block>,
}

/// Where a block is.
enum Block {
    /// With the worker of this number.
    Worker(usize),
    Here(Packed),
}

impl Threads {
    /// The next block in turn, `None` when there are none left; waits for it.
    fn take(&mut self) -> io::Result<Option<Packed>> {
        match self.in_turn.pop_front() {
            Some(Block::Here(packed)) => Ok(Some(packed)),
            Some(Block::Worker(number)) => {
                let packed = self.workers[number].packed.recv();
                packed.unwrap_or_else(|_| Err(ended())).map(Some)
            }
            None => Ok(None),
        }
    }

    /// The next block in turn where it is packed.
    fn try_take(&mut self) -> io::Result<Option<Packed>> {
        let Some(&Block::Worker(number)) = self.in_turn.front() else {
            return self.take();
        };
        match self.workers[number].packed.try_recv() {
            Ok(packed) => {
                self.in_turn.pop_front();
                packed.map(Some)
            }
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(ended()),
        }
    }
}

impl Packer for Threads {
    fn pack(&mut self, block: Vec<u8>) -> io::Result<Option<Packed>> {
        let is_full = self.in_turn.len() >= self.workers.len() * MOST_BLOCKS;
        let packed = if is_full { self.take()? } else { self.try_take()? };
        let blocks = self.workers[self.next].blocks.as_ref().ok_or_else(ended)?;
        match blocks.try_send(block) {
            Ok(()) => {
                self.in_turn.push_back(Block::Worker(self.next));
                self.next = (self.next + 1) % self.workers.len();
            }
            Err(TrySendError::Full(block)) => {
                self.in_turn.push_back(Block::Here(self.own.pack_block(&block)?));
            }
            Err(TrySendError::Disconnected(_)) => return Err(ended()),
        }
        Ok(packed)
    }

    fn finish(&mut self) -> io::Result<Option<Packed>> {
        self.take()
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
        let (done, packed) = bounded(MOST_BLOCKS);
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
