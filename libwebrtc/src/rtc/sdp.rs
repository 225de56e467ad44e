//! What is read from, and rewritten in, the text of remote descriptions beside str0m's own parser.

use crate::{MediaType, rtp_transceiver::RtpTransceiverDirection};

/// A section for audio or video of a remote description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteSection {
    pub(crate) mid: String,
    pub(crate) kind: MediaType,
    /// As the peer sees it.
    pub(crate) direction: RtpTransceiverDirection,
    /// Streams and tracks (RFC 8830), without the placeholder `-`.
    pub(crate) streams: Vec<StreamTrack>,
    /// Whether the peer wants pauses left out of what it receives: `usedtx=1` of RFC 7587, section 6.1.
    pub(crate) dtx: bool,
}

/// One `msid` attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamTrack {
    pub(crate) stream_id: String,
    pub(crate) track_id: String,
}

impl RemoteSection {
    /// Whether the peer sends.
    pub(crate) fn sends(&self) -> bool {
        matches!(self.direction, RtpTransceiverDirection::SendRecv | RtpTransceiverDirection::SendOnly)
    }
}

/// The audio and video sections of a description, in order.
pub(crate) fn remote_sections(sdp: &str) -> Vec<RemoteSection> {
    let (session, sections) = split(sdp);
    let bundled: Vec<&str> = session
        .lines()
        .filter_map(|line| line.trim_end().strip_prefix("a=group:BUNDLE "))
        .flat_map(str::split_whitespace)
        .collect();
    sections.into_iter().filter_map(|section| remote_section(section, &bundled)).collect()
}

/// Whether the description has a section for data channels that is not rejected.
pub(crate) fn has_data_section(sdp: &str) -> bool {
    split(sdp).1.iter().any(|section| section.starts_with("application "))
}

fn remote_section(section: &str, bundled: &[&str]) -> Option<RemoteSection> {
    let mut fields = section.split_whitespace();
    let kind = match fields.next()? {
        "audio" => MediaType::Audio,
        "video" => MediaType::Video,
        _ => return None,
    };
    let port_zero = fields.next() == Some("0");
    let mut mid = "";
    let mut direction = RtpTransceiverDirection::SendRecv;
    let mut streams = Vec::new();
    let mut dtx = false;
    for line in section.lines().map(str::trim_end) {
        match line {
            "a=sendonly" => direction = RtpTransceiverDirection::SendOnly,
            "a=recvonly" => direction = RtpTransceiverDirection::RecvOnly,
            "a=inactive" => direction = RtpTransceiverDirection::Inactive,
            _ => {}
        }
        if let Some(value) = line.strip_prefix("a=mid:") {
            mid = value;
        } else if let Some((_, parameters)) =
            line.strip_prefix("a=fmtp:").and_then(|value| value.split_once(' '))
        {
            dtx |= parameters.split(';').any(|parameter| parameter.trim() == "usedtx=1");
        } else if let Some(value) = line.strip_prefix("a=msid:") {
            let (stream_id, track_id) = value.split_once(' ').unwrap_or((value, ""));
            if stream_id != "-" {
                streams.push(StreamTrack { stream_id: stream_id.to_owned(), track_id: track_id.to_owned() });
            }
        }
    }
    // Port 0 within the bundle only says that the transport is shared (RFC 9143, section 7.3.3).
    if port_zero && !bundled.contains(&mid) {
        direction = RtpTransceiverDirection::Stopped;
    }
    Some(RemoteSection { mid: mid.to_owned(), kind, direction, streams, dtx })
}

/// Rewrites an offer so that str0m, which answers `sendrecv` with `sendrecv`, does not promise to send on sections
/// for which `sends` is false.
pub(crate) fn narrow_offer(sdp: &str, sends: impl Fn(&str) -> bool) -> String {
    let (session, sections) = split(sdp);
    let mut narrowed = session.to_owned();
    for section in sections {
        let mid = section.lines().find_map(|line| line.trim_end().strip_prefix("a=mid:")).unwrap_or_default();
        let keep = section.starts_with("application") || sends(mid);
        narrowed.push_str("m=");
        for line in section.split_inclusive('\n') {
            let content = line.trim_end();
            narrowed.push_str(match content {
                "a=sendrecv" if !keep => "a=sendonly",
                "a=recvonly" if !keep => "a=inactive",
                other => other,
            });
            narrowed.push_str(&line[content.len()..]);
        }
    }
    narrowed
}

/// The session part and the sections, these without their leading `m=`.
fn split(sdp: &str) -> (&str, Vec<&str>) {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(index, _)| index + 1).collect();
    starts.push(sdp.len());
    let session = &sdp[..starts[0]];
    let sections = starts.windows(2).map(|pair| &sdp[pair[0] + 2..pair[1]]).collect();
    (session, sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\na=group:BUNDLE 0 1 2\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=msid:PA_1|TR_1 TR_1\r\na=sendrecv\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=msid:- t\r\na=recvonly\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n\
        m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:3\r\na=sendonly\r\n";

    #[test]
    fn sections_tell_direction_streams_and_rejection() {
        let sections = remote_sections(OFFER);
        assert_eq!(sections.len(), 3);
        assert_eq!(sections[0].direction, RtpTransceiverDirection::SendRecv);
        assert_eq!(
            sections[0].streams,
            [StreamTrack { stream_id: "PA_1|TR_1".to_owned(), track_id: "TR_1".to_owned() }]
        );
        assert_eq!(sections[1].direction, RtpTransceiverDirection::RecvOnly, "bundled, so not rejected");
        assert!(sections[1].streams.is_empty());
        assert_eq!(sections[2].direction, RtpTransceiverDirection::Stopped);
        assert!(has_data_section(OFFER));
    }

    #[test]
    fn the_wish_for_discontinuous_transmission_is_read() {
        let section = |fmtp: &str| {
            format!("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=fmtp:111 {fmtp}\r\n")
        };
        assert!(remote_sections(&section("minptime=10; usedtx=1;useinbandfec=1"))[0].dtx);
        assert!(!remote_sections(&section("minptime=10;usedtx=0"))[0].dtx);
    }

    #[test]
    fn an_offer_is_narrowed_where_nothing_is_sent() {
        let narrowed = narrow_offer(OFFER, |mid| mid == "9");
        assert!(narrowed.contains("a=mid:0\r\na=msid:PA_1|TR_1 TR_1\r\na=sendonly\r\n"));
        assert!(narrowed.contains("a=msid:- t\r\na=inactive\r\n"));
        assert_eq!(narrow_offer(OFFER, |_| true), OFFER);
    }

    #[test]
    fn text_without_sections_is_left_alone() {
        assert!(remote_sections("v=0\r\n").is_empty());
        assert_eq!(narrow_offer("v=0\r\n", |_| false), "v=0\r\n");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(v=0|\\r\\n|\\nm=|audio |0 |a=mid:|a=msid:|a=group:BUNDLE |.){0,40}") {
            let _ = remote_sections(&text);
            let _ = narrow_offer(&text, |_| false);
            proptest::prop_assert_eq!(narrow_offer(&text, |_| true), text);
        }
    }
}
