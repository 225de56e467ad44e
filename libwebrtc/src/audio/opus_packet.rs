//! What an Opus packet says about itself without decoding it (RFC 6716, sections 3 and 4.2).

use super::RTP_RATE;

/// Configuration 9 (SILK, wideband, 20 ms), mono, one frame: what a sender that never spoke keeps alive with.
pub(crate) const SILENCE_TOC: u8 = 9 << 3;

/// The largest payload worth looking at: 120 ms of frames of 2.5 ms at their largest do not come near.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 8_192;

/// Duration of the packet in RTP ticks, 120 (2.5 ms) to 5 760 (120 ms); `None` when it is not an Opus packet.
pub(crate) fn duration_48k(payload: &[u8]) -> Option<i64> {
    if payload.is_empty() || payload.len() > MAX_PAYLOAD_BYTES {
        return None;
    }
    let samples = opus::packet::get_nb_samples(payload, RTP_RATE).ok()?;
    (samples > 0).then_some(samples as i64)
}

/// Duration of one of the packet's frames in RTP ticks, 120 (2.5 ms) to 2 880 (60 ms).
pub(crate) fn frame_duration_48k(payload: &[u8]) -> Option<i64> {
    opus::packet::get_samples_per_frame(payload, RTP_RATE).ok().map(|samples| samples as i64)
}

/// Whether the packet has no content: its sender pauses in silence (DTX).
pub(crate) fn is_dtx(payload: &[u8]) -> bool {
    payload.len() <= 2
}

/// The TOC byte of a packet with the configuration of `payload` and a single frame.
pub(crate) fn single_frame_toc(payload: &[u8]) -> Option<u8> {
    payload.first().map(|toc| toc & 0b1111_1100)
}

/// Whether the packet has a second, coarser copy of the frame before it: in-band forward error correction.
///
/// That are the LBRR flags, which a SILK layer has at a fixed place: in front are, per channel, one bit of voice
/// activity per 20 ms and then the flag (RFC 6716, sections 4.2.3 and 4.2.4). Packets of CELT alone have none.
pub(crate) fn has_fec(payload: &[u8]) -> bool {
    let Some(&toc) = payload.first() else { return false };
    let (config, stereo) = (toc >> 3, toc & 0b100 != 0);
    if config >= 16 {
        return false;
    }
    let Some(frame) = frame_duration_48k(payload) else { return false };
    let silk_frames = (frame / 960).clamp(1, 3) as u32;
    let Ok(packet) = opus::packet::parse(payload) else { return false };
    let Some(&flags) = packet.frames.first().filter(|frame| frame.len() > 1).and_then(|frame| frame.first())
    else {
        return false;
    };
    let mid = flags >> (7 - silk_frames) & 1 == 1;
    let side = stereo && flags >> (6 - 2 * silk_frames) & 1 == 1;
    mid || side
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_table_of_rfc_6716() {
        assert_eq!(duration_48k(&[SILENCE_TOC]), Some(960));
        // Configuration 3 is SILK narrowband of 60 ms; code 1 means two equal frames.
        assert_eq!(duration_48k(&[3 << 3 | 1, 0, 0]), Some(5_760));
        // Configuration 16 is CELT narrowband of 2.5 ms.
        assert_eq!(duration_48k(&[16 << 3, 0]), Some(120));
    }

    #[test]
    fn what_is_no_packet_has_no_duration() {
        assert_eq!(duration_48k(&[]), None);
        // Code 3 with no frame count, with zero frames, and with more than 120 ms.
        assert_eq!(duration_48k(&[SILENCE_TOC | 3]), None);
        assert_eq!(duration_48k(&[SILENCE_TOC | 3, 0]), None);
        assert_eq!(duration_48k(&[SILENCE_TOC | 3, 7]), None);
        assert_eq!(duration_48k(&vec![SILENCE_TOC; MAX_PAYLOAD_BYTES + 1]), None);
    }

    #[test]
    fn celt_packets_have_no_forward_error_correction() {
        assert!(!has_fec(&[31 << 3, 0xFF, 0xFF]));
        assert!(!has_fec(&[SILENCE_TOC]));
        assert!(has_fec(&[SILENCE_TOC, 0b0100_0000, 0]));
        assert!(!has_fec(&[SILENCE_TOC, 0b1011_1111, 0]));
    }
}
