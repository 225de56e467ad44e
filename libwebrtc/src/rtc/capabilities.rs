//! What is negotiated for each kind of media.

use crate::{
    MediaType,
    rtp_parameters::{RtpCapabilities, RtpCodecCapability, RtpHeaderExtensionCapability},
    rtp_transceiver::RtpTransceiverDirection,
};

/// Codecs and header extensions for a kind of media; the same both ways.
pub(crate) fn of(kind: MediaType) -> RtpCapabilities {
    let codec = |mime_type: &str, clock_rate, channels, fmtp: Option<&str>| RtpCodecCapability {
        channels,
        clock_rate: Some(clock_rate),
        mime_type: mime_type.to_owned(),
        sdp_fmtp_line: fmtp.map(str::to_owned),
    };
    let extension = |uri: &str| RtpHeaderExtensionCapability {
        uri: uri.to_owned(),
        direction: RtpTransceiverDirection::SendRecv,
    };
    match kind {
        MediaType::Audio => RtpCapabilities {
            codecs: vec![codec("audio/opus", 48_000, Some(2), Some("minptime=10;useinbandfec=1"))],
            header_extensions: vec![
                extension("urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
                extension("urn:ietf:params:rtp-hdrext:sdes:mid"),
            ],
        },
        MediaType::Video => RtpCapabilities {
            codecs: vec![
                codec("video/VP8", 90_000, None, None),
                codec(
                    "video/H264",
                    90_000,
                    None,
                    Some("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
                ),
            ],
            header_extensions: vec![extension("urn:ietf:params:rtp-hdrext:sdes:mid")],
        },
        MediaType::Data | MediaType::Unsupported => {
            RtpCapabilities { codecs: Vec::new(), header_extensions: Vec::new() }
        }
    }
}
