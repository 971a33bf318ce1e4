//! Takes connections from the kernel, one task for each, and sees every agent's link through from its first byte to
//! what people hear of its end.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{
    admission::{Admitted, PROGRAM_VERSION, TurnedAway, admit, give_back},
    away::Away,
    contents::Contents,
    directory::{Cut, Identity},
    incoming::Fault,
    limits::{BARRED_FOR, source},
    news::{Importance, News},
    secret::Hex,
    session::{End, Session},
    shared::{Shared, Subject},
    strangers::Stranger,
};
use crate::{model::plain_address, net::wire::messages::Reason};

/// When the kernel has no file or memory for a connection: somebody has to hang up first.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// Never ends by itself.
pub async fn welcome_all(shared: &Arc<Shared>, acceptor: &TlsAcceptor, socket: &TcpListener) {
    loop {
        match socket.accept().await {
            Ok((tcp, peer)) => {
                shared.counting.accepted.one();
                if is_barred(shared, peer) {
                    continue;
                }
                match shared.strangers.arrive(source(peer.ip())) {
                    Some(stranger) => {
                        tokio::spawn(conduct(Arc::clone(shared), acceptor.clone(), tcp, peer, stranger));
                    }
                    None => turn_away(shared, peer, &Away::CrowdedOut),
                }
            }
            Err(error) => {
                shared.counting.failed_accepts.one();
                let subject = Subject::Source(IpAddr::from([0, 0, 0, 0]));
                shared.notice(Importance::Warning, subject, format!("an agent cannot be let in: {error}"));
                tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            }
        }
    }
}

fn is_barred(shared: &Shared, peer: SocketAddr) -> bool {
    let is_barred = shared.state().failures.is_barred(peer.ip(), Instant::now());
    if is_barred {
        shared.counting.refused_addresses.one();
    }
    is_barred
}

async fn conduct(
    shared: Arc<Shared>,
    acceptor: TlsAcceptor,
    tcp: TcpStream,
    peer: SocketAddr,
    stranger: Stranger,
) {
    if !stranger.has_turn().await {
        turn_away(&shared, peer, &Away::CrowdedOut);
        return;
    }
    // Others from there may have failed while it waited.
    if is_barred(&shared, peer) {
        return;
    }
    // What a handshake needs is given back with its box; a task keeps room for the largest of its parts.
    let admitted = Box::pin(async {
        tokio::select! {
            admitted = admit(&shared, &acceptor, tcp, &stranger) => admitted,
            () = stranger.lost() => Err(Away::CrowdedOut.into()),
        }
    })
    .await;
    drop(acceptor);
    match admitted {
        Ok(admitted) => {
            drop(stranger);
            let identity = admitted.identity.clone();
            let session = introduce(&shared, admitted, peer);
            // In one piece, for it is woken for each frame, and without the room that the handshake took.
            tokio::spawn(see_through(shared, session, identity));
        }
        Err(TurnedAway { away, link }) => {
            turn_away(&shared, peer, &away);
            if let (Some(mut link), Some((reason, sentence))) = (link, away.answer()) {
                Box::pin(async {
                    tokio::select! {
                        () = link.refuse(reason, sentence) => {}
                        () = stranger.lost() => {}
                    }
                })
                .await;
            }
        }
    }
}

async fn see_through(shared: Arc<Shared>, mut session: Box<Session>, identity: Identity) {
    let end = session.run().await;
    Box::pin(part(&shared, session, identity, end)).await;
}

fn turn_away(shared: &Shared, peer: SocketAddr, away: &Away) {
    away.count(&shared.counting).one();
    let address = plain_address(peer.ip());
    let mut line = format!("refused {address}: {}", away.line());
    if away.is_failure() && shared.state().failures.failed(address, Instant::now()) {
        line = format!("{line}; that was too often, so it is refused for {} s", BARRED_FOR.as_secs());
        // Once until it is let in again.
        shared.notice_always(Importance::Warning, line);
        return;
    }
    shared.notice(Importance::Warning, Subject::Source(source(address)), line);
}

fn introduce(shared: &Arc<Shared>, admitted: Admitted, peer: SocketAddr) -> Box<Session> {
    shared.counting.connects.one();
    let (agent, name) = (admitted.seat.agent, Arc::clone(&admitted.seat.orders.borrow().name));
    shared.saw(admitted.identity.clone(), Arc::clone(&name));
    let is_outdated = is_older(&admitted.program_version, PROGRAM_VERSION);
    if admitted.seat.is_new {
        let address = plain_address(peer.ip());
        let contents = Arc::clone(&shared.state().contents);
        if is_first_time(&contents, &admitted.identity) {
            let line = format!("\"{name}\" ({address}) reports its connections for the first time");
            shared.notice(Importance::Info, Subject::New(agent), line);
        }
        if is_outdated {
            let version = &admitted.program_version;
            let line = format!("\"{name}\" runs version {version}; here it is {PROGRAM_VERSION}");
            shared.notice(Importance::Info, Subject::Outdated(agent), line);
        }
    }
    if admitted.seat.was_told_lost {
        // No more often than it is told that it is lost.
        shared.notice_always(Importance::Info, format!("\"{name}\" is back"));
    }
    Box::new(Session::new(Arc::clone(shared), admitted, is_outdated))
}

fn is_first_time(contents: &Contents, identity: &Identity) -> bool {
    let entry = match identity {
        Identity::Token(number) => contents.by_number(*number),
        Identity::Machine { machine, called } => contents.by_machine(Hex(*machine), called),
    };
    entry.is_none_or(|entry| entry.last_seen_unix_secs.is_none())
}

/// Whether one version is before another, as numbers between dots; what is no such version is as new as any.
fn is_older(version: &str, than: &str) -> bool {
    let numbers = |text: &str| {
        let text = text.split(['-', '+']).next().unwrap_or_default();
        text.split('.').map(str::parse).collect::<Result<Vec<u64>, _>>()
    };
    matches!((numbers(version), numbers(than)), (Ok(version), Ok(than)) if version < than)
}

/// What there is to do after a link: the map hears of it, people do, and the agent hears why.
async fn part(shared: &Shared, mut session: Box<Session>, identity: Identity, end: End) {
    let counting = &shared.counting;
    counting.ended_links.one();
    let agent = session.seat.agent;
    let name = Arc::clone(&session.seat.orders.borrow().name);
    shared.saw(identity, Arc::clone(&name));
    let (why, answer) = match &end {
        End::Cut(Cut::Revoked) => {
            counting.revoked.one();
            (None, Some((Reason::Revoked, format!("the display has revoked \"{name}\""))))
        }
        End::Cut(Cut::SecretChanged) => (
            Some("its token or password was changed".to_owned()),
            Some((Reason::Revoked, format!("the display has another token or password for \"{name}\" now"))),
        ),
        End::Cut(Cut::Replaced) => {
            counting.replaced.one();
            (None, Some((Reason::Replaced, format!("\"{name}\" has connected anew"))))
        }
        End::Cut(Cut::Closing) => (None, Some((Reason::Closing, "the display is closing".to_owned()))),
        End::HungUp(why) => (Some(why.clone()), None),
        End::Silent => {
            counting.silent.one();
            (Some(format!("nothing came for {} s", shared.limits.silence.as_secs())), None)
        }
        End::Fault(Fault::Gap(missing)) => {
            counting.gaps.one();
            let sentence = format!("event {missing} is missing; a snapshot mends it");
            (None, Some((Reason::Gap, sentence)))
        }
        End::Fault(Fault::Malformed(what)) => {
            counting.malformed_frames.one();
            let sentence = format!("the display does not understand this: {what}");
            (Some(format!("it said what makes no sense: {what}")), Some((Reason::Malformed, sentence)))
        }
        End::TakerGone => (None, Some((Reason::Closing, "the display is closing".to_owned()))),
    };
    let unix_millis = shared.now().unix_micros / 1_000;
    let news = match &end {
        End::Cut(Cut::Replaced | Cut::Closing) | End::TakerGone => None,
        End::Cut(Cut::Revoked) => Some(News::Gone { unix_millis }),
        _ => Some(News::Status(Box::new(session.lost_status(unix_millis)))),
    };
    let Session { mut link, mut seat, .. } = *session;
    // After a fault what is known may not be what is.
    seat.incoming.has_snapshot &= !matches!(end, End::Fault(_));
    let tell = async {
        if let Some(news) = news {
            // When nobody takes the news any more, nobody misses them.
            let _ = shared.tell(agent, news).await;
        }
        give_back(shared, seat);
        if matches!(end, End::Cut(Cut::Revoked)) {
            shared.state().directory.forget_vacant(agent);
            shared.notice(Importance::Warning, Subject::Revoked(agent), format!("\"{name}\" is revoked"));
        }
        if let Some(why) = why {
            let line = format!("\"{name}\" is lost: {why}");
            if shared.notice(Importance::Warning, Subject::Lost(agent), line) {
                shared.state().directory.told_lost(agent);
            }
        }
    };
    // Both at once: whoever must go is gone, though the taker has no room to hear of it.
    let hang_up = async move {
        if let Some((reason, sentence)) = answer {
            link.refuse(reason, sentence).await;
        }
    };
    tokio::join!(tell, hang_up);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert!(is_older("0.1.9", "0.1.10") && is_older("0.9.0", "1.0.0") && is_older("1.0", "1.0.1"));
        assert!(
            !is_older("1.0.0", "1.0.0") && !is_older("1.0.1-dev", "1.0.0") && !is_older("nightly", "1.0.0")
        );
    }
}
