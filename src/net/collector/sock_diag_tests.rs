use proptest::prelude::*;

use super::*;

/// A socket message as the kernel lays it out.
fn socket_message(family: u8, local: &[u8], peer: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![family, 1, 0, 0];
    bytes.extend_from_slice(&50_000_u16.to_be_bytes());
    bytes.extend_from_slice(&443_u16.to_be_bytes());
    for address in [local, peer] {
        bytes.extend_from_slice(address);
        bytes.resize(bytes.len() + 16 - address.len(), 0);
    }
    for word in [7_u32, 0x1111_2222, 0x3333, 0, 0, 0, 1000, 48_213] {
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    for (kind, value) in attributes {
        bytes.extend_from_slice(&(value.len() as u16 + 4).to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

fn tcp_info(length: usize, fields: &[(usize, u64)]) -> Vec<u8> {
    let mut info = vec![0; length];
    for &(offset, value) in fields {
        let width = if offset == 68 { 4 } else { 8 };
        info[offset..offset + width].copy_from_slice(&value.to_le_bytes()[..width]);
    }
    info
}

fn datagram(messages: &[(u16, u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, flags, body) in messages {
        bytes.extend_from_slice(&(16 + body.len() as u32).to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&9_u32.to_ne_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

#[test]
fn a_socket_message_gives_endpoints_cookie_inode_and_user() {
    let bytes = socket_message(AF_INET, &[192, 0, 2, 10], &[1, 1, 1, 1], &[]);
    let socket = socket_from_bytes(&bytes, Protocol::Udp).unwrap().socket;
    assert_eq!(socket.local, "192.0.2.10:50000".parse().unwrap());
    assert_eq!(socket.peer, "1.1.1.1:443".parse().unwrap());
    assert_eq!(socket.identity, 0x3333_1111_2222);
    assert_eq!((socket.inode, socket.uid, socket.protocol), (48_213, 1000, Protocol::Udp));
    assert_eq!(socket.traffic, Traffic::default());
}

#[test]
fn mapped_addresses_are_ipv4() {
    let mapped = |last| [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 9, 9, 9, last];
    let bytes = socket_message(AF_INET6, &mapped(1), &mapped(9), &[]);
    let socket = socket_from_bytes(&bytes, Protocol::Tcp).unwrap().socket;
    assert_eq!(socket.peer, "9.9.9.9:443".parse().unwrap());
    assert_eq!(socket.local, "9.9.9.1:50000".parse().unwrap());
}

#[test]
#[cfg(target_endian = "little")]
fn counters_come_from_tcp_info_of_any_length() {
    let fields = [(68, 1500), (120, 401), (128, 9000)];
    let traffic_of = |info: &[u8]| {
        let bytes = socket_message(AF_INET, &[1; 4], &[2; 4], &[(5, &[0]), (INET_DIAG_INFO, info)]);
        socket_from_bytes(&bytes, Protocol::Tcp).unwrap().socket.traffic
    };
    let old_kernel = traffic_of(&tcp_info(192, &fields));
    assert_eq!(old_kernel.sent_bytes, Some(401));
    assert_eq!((old_kernel.received_bytes, old_kernel.rtt_micros), (Some(9000), Some(1500)));

    let new_kernel = traffic_of(&tcp_info(248, &[&fields[..], &[(200, 500), (208, 100)]].concat()));
    assert_eq!(new_kernel.sent_bytes, Some(400));
    assert_eq!(traffic_of(&tcp_info(100, &[])), Traffic::default());
}

#[test]
#[cfg(target_endian = "little")]
fn an_attempt_that_nobody_answered_was_never_established() {
    let established = |fields: &[(usize, u64)]| {
        let info = tcp_info(248, fields);
        let bytes = socket_message(AF_INET, &[1; 4], &[2; 4], &[(INET_DIAG_INFO, &info)]);
        socket_from_bytes(&bytes, Protocol::Tcp).unwrap().was_established
    };
    assert!(!established(&[]));
    assert!(established(&[(120, 1)]));
    assert!(established(&[(68, 40)]));
}

#[test]
fn a_datagram_is_walked_to_its_end() {
    let socket = socket_message(AF_INET, &[1; 4], &[2; 4], &[]);
    let bytes = datagram(&[
        (SOCK_DIAG_BY_FAMILY, 2, &socket),
        (TCPDIAG_GETSOCK, NLM_F_DUMP_INTR, &socket),
        (NLMSG_DONE, 0, &0_u32.to_ne_bytes()),
    ]);
    let messages: Vec<_> = Messages::new(&bytes).map(Result::unwrap).collect();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages.iter().map(|m| m.interrupted).collect::<Vec<_>>(), [false, true, false]);
    assert!(messages.iter().all(|m| m.sequence == 9));
    assert!(matches!(messages[2].content, Content::Done));
}

#[test]
fn errors_of_the_kernel_are_told() {
    for kind in [NLMSG_ERROR, NLMSG_DONE] {
        let bytes = datagram(&[(kind, 0, &(-2_i32).to_ne_bytes())]);
        let message = Messages::new(&bytes).next().unwrap().unwrap();
        assert!(matches!(message.content, Content::Error(2)), "{kind}");
    }
}

#[test]
fn a_cut_datagram_says_where() {
    let socket = socket_message(AF_INET, &[1; 4], &[2; 4], &[]);
    let bytes = datagram(&[(SOCK_DIAG_BY_FAMILY, 2, &socket), (SOCK_DIAG_BY_FAMILY, 2, &socket)]);
    let messages: Vec<_> = Messages::new(&bytes[..bytes.len() - 1]).collect();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].is_ok());
    assert_eq!(messages[1].unwrap_err(), Malformed { offset: 88 });
}

#[test]
fn requests_carry_length_and_number() {
    let mut request = Request::tcp(states::ESTABLISHED, true);
    let bytes = request.numbered(77).to_vec();
    assert_eq!(bytes.len(), 76);
    let message = Messages::new(&bytes).next().unwrap().unwrap();
    assert_eq!(message.sequence, 77);
    assert_eq!(Request::udp(Family::V6, states::CLOSE).numbered(1).len(), 72);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_every_walk_ends(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let walked = Messages::new(&bytes).inspect(|message| {
            if let Ok(Message { content: Content::Socket(socket), .. }) = message {
                let _ = socket_from_bytes(socket, Protocol::Tcp);
            }
        });
        prop_assert!(walked.count() <= bytes.len());
        let _ = socket_from_bytes(&bytes, Protocol::Tcp);
    }

    #[test]
    fn damaged_datagrams_do_not_panic(
        cut in 0_usize..600,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let info = tcp_info(248, &[(68, 1), (128, 2)]);
        let socket = socket_message(AF_INET6, &[1; 16], &[2; 16], &[(INET_DIAG_INFO, &info), (INET_DIAG_PROTOCOL, &[6])]);
        let mut bytes = datagram(&[(SOCK_DIAG_BY_FAMILY, 2, &socket), (NLMSG_DONE, 0, &[0; 4])]);
        bytes.truncate(cut);
        for (index, byte) in damage {
            if !bytes.is_empty() {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
        }
        for message in Messages::new(&bytes).flatten() {
            if let Content::Socket(socket) = message.content {
                let _ = socket_from_bytes(socket, Protocol::Tcp);
            }
        }
    }
}
