//! Looks after the register while the listener runs: notices within half a second that its file has changed, and writes
//! into it who was seen when. Also tells when an agent has been lost for too long.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{
    contents::{Agent, Contents, Proof},
    directory::Identity,
    news::{AgentNews, FleetMessage, Importance, News},
    register::{Register, RegisterError},
    secret::Hex,
    shared::{Seen, Shared, TakerGone},
};

/// Half of what is promised: "within half a second".
const LOOK: Duration = Duration::from_millis(250);
/// Who is connected is written down as seen this often.
const BETWEEN_SIGHTINGS: Duration = Duration::from_secs(60);
/// Agents that come or go together are written down together.
const BETWEEN_WRITES: Duration = Duration::from_secs(2);
/// After a write that failed: a full disk is not mended in seconds.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// By what a file is known to be the same, and as readable as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds, of what is in it and of what is known about it.
    changed: [(i64, i64); 2],
    owner: u32,
    mode: u32,
}

fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|file| Stamp {
        inode: file.ino(),
        bytes: file.len(),
        changed: [(file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec())],
        owner: file.uid(),
        mode: file.mode(),
    })
}

pub struct Keeper {
    register: Register,
    /// Of the file as it was read last.
    stamp: Option<Stamp>,
    /// Why it cannot be read now, as people were told.
    trouble: Option<String>,
    /// It could not be written last time, and people were told.
    told_unwritten: bool,
    sightings_at: Instant,
    write_at: Instant,
}

impl Keeper {
    /// With the register as it stands now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(register: Register) -> Result<(Self, Contents), RegisterError> {
        // Before it is read: should it change meanwhile, it is read again.
        let stamp = stamp(register.path());
        let contents = register.contents()?;
        let now = Instant::now();
        let keeper = Self {
            register,
            stamp,
            trouble: None,
            told_unwritten: false,
            sightings_at: now + BETWEEN_SIGHTINGS,
            write_at: now,
        };
        Ok((keeper, contents))
    }

    /// The body of the task. Ends when nobody takes the news any more.
    pub async fn run(&mut self, shared: &Arc<Shared>) -> TakerGone {
        {
            // Some that the taker knows from before may have been revoked meanwhile.
            let mut state = shared.state();
            let contents = Arc::clone(&state.contents);
            state.directory.apply(&contents);
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = shared.look.notified() => {}
            }
            let asked = shared.asked.load(Ordering::Acquire);
            if let Err(gone) = self.look(shared).await {
                return gone;
            }
            shared.looked.send_replace(asked);
        }
    }

    async fn look(&mut self, shared: &Arc<Shared>) -> Result<(), TakerGone> {
        let stamp = stamp(self.register.path());
        if stamp != self.stamp {
            // Until it can be read it is tried at each look.
            self.read(shared, stamp).await;
        }
        tell_gone(shared)?;
        let now = Instant::now();
        if now >= self.sightings_at {
            self.sightings_at = now + BETWEEN_SIGHTINGS;
            let mut state = shared.state();
            for (identity, name) in state.directory.seated_names() {
                state.seen.insert(identity, Seen { unix_secs: super::register::unix_secs(), name });
            }
        }
        if now >= self.write_at && self.may_write() && !shared.state().seen.is_empty() {
            self.write_at = now + BETWEEN_WRITES;
            self.write(shared).await;
        }
        Ok(())
    }

    async fn read(&mut self, shared: &Arc<Shared>, stamp: Option<Stamp>) {
        let (register, was_there) = (self.register.clone(), self.stamp.is_some());
        let read = tokio::task::spawn_blocking(move || match register.contents_if_there()? {
            None if was_there => Err(RegisterError::Missing(register.path().to_owned())),
            contents => Ok(contents.unwrap_or_default()),
        });
        let contents = match read.await {
            Ok(Ok(contents)) => Arc::new(contents),
            Ok(Err(error)) => {
                let line = format!("{error}. Until then those that were registered before stay so");
                if self.trouble.as_ref() != Some(&line) {
                    shared.notice_always(Importance::Warning, line.clone());
                    self.trouble = Some(line);
                }
                return;
            }
            // The runtime is going.
            Err(_) => return,
        };
        (self.stamp, self.trouble) = (stamp, None);
        let mut state = shared.state();
        state.contents = Arc::clone(&contents);
        state.directory.apply(&contents);
    }

    /// Where the file is missing that was there, one with nothing but who was seen would revoke everybody else.
    fn may_write(&self) -> bool {
        self.stamp.is_none() || stamp(self.register.path()).is_some()
    }

    async fn write(&mut self, shared: &Arc<Shared>) {
        let seen = std::mem::take(&mut shared.state().seen);
        let (register, written) = (self.register.clone(), seen.clone());
        match tokio::task::spawn_blocking(move || write_down(&register, &written)).await {
            Ok(Ok(())) => self.told_unwritten = false,
            // The runtime is going.
            Err(_) => {}
            Ok(Err(error)) => {
                self.write_at = Instant::now() + AFTER_FAILURE;
                if !std::mem::replace(&mut self.told_unwritten, true) {
                    let line = format!("{error}: nobody is written down as seen until it can be written");
                    shared.notice_always(Importance::Warning, line);
                }
                // Whoever was seen again meanwhile was seen later.
                let mut state = shared.state();
                for (identity, seen) in seen {
                    state.seen.entry(identity).or_insert(seen);
                }
            }
        }
    }

    /// Writes down what is left, at the end.
    pub fn finish(&self, shared: &Shared) {
        let seen = std::mem::take(&mut shared.state().seen);
        if !seen.is_empty() && self.may_write() {
            // Nobody is left to be told, and it is only when they were seen.
            let _ = write_down(&self.register, &seen);
        }
    }
}

/// As many as the taker has room for; the others at the next look. To wait for it would let nobody else go meanwhile.
fn tell_gone(shared: &Shared) -> Result<(), TakerGone> {
    let unix_millis = shared.now().unix_micros / 1_000;
    let mut state = shared.state();
    for agent in state.directory.gone(shared.limits.lost_kept, Instant::now()) {
        let news = News::Gone { unix_millis };
        if shared
            .try_tell(FleetMessage::Agent(AgentNews { agent, origin: None, news, delivery: None }))?
            .is_some()
        {
            break;
        }
        state.directory.forget_vacant(agent);
    }
    Ok(())
}

fn write_down(register: &Register, seen: &HashMap<Identity, Seen>) -> Result<(), RegisterError> {
    register.change(|contents| {
        for (identity, seen) in seen {
            match identity {
                Identity::Token(number) => {
                    if let Some(agent) = contents.agents.iter_mut().find(|agent| agent.number == *number) {
                        agent.last_seen_unix_secs = Some(seen.unix_secs);
                    }
                }
                Identity::Machine { machine, called } => {
                    see_machine(contents, Hex(*machine), called, seen);
                }
            }
        }
        Ok(())
    })
}

/// One that comes with the shared password gets an entry of its own, so that it can be renamed and revoked.
fn see_machine(contents: &mut Contents, machine: Hex<16>, called: &str, seen: &Seen) {
    // Where there is no room it stays without an entry, and connects all the same.
    if contents.by_machine(machine, called).is_none() && !contents.is_full() {
        let name = contents.free_name(&seen.name).to_string();
        let proof = Proof::Password { machine, called: called.to_owned() };
        contents.push(Agent::new(contents.next_number(), name, proof, seen.unix_secs));
    }
    let number = contents.by_machine(machine, called).map(|agent| agent.number);
    if let Some(agent) = contents.agents.iter_mut().find(|agent| Some(agent.number) == number) {
        agent.last_seen_unix_secs = Some(seen.unix_secs);
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
