//! From the PCM of a local track to RTP packets.

use std::time::Instant;

use str0m::media::Pt;

use crate::{
    RtcError,
    audio::{EncodedPacket, OpusSender, SenderOptions, SourceReader},
    audio_track::RtcAudioTrack,
};

/// The payload type that is offered for Opus. What is sent is what was negotiated.
pub(crate) const OPUS_PAYLOAD_TYPE: u8 = 111;

/// The lowest bound that a bitrate can be set to, in bits per second (RFC 6716, section 2.1.1).
const MIN_BITRATE_BPS: u32 = 6_000;
/// The highest one.
const MAX_BITRATE_BPS: u32 = 510_000;

/// Encodes one track and numbers its packets. Lives as long as the m-line sends, across changes of the track, so that
/// sequence numbers and timestamps go on.
pub(crate) struct AudioSender {
    track: Option<(RtcAudioTrack, OpusSender)>,
    next_sequence: u64,
    /// Added to the encoder's timestamps, which start at 0 with each track.
    time_offset: u64,
    last_time: u64,
    /// Of the RTP stream; 0 until it is known.
    pub(crate) ssrc: u32,
    pub(crate) counters: SendCounters,
}

/// What has been handed to RTP.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SendCounters {
    pub(crate) packets: u64,
    pub(crate) payload_bytes: u64,
    pub(crate) samples_48k: u64,
}

/// A packet ready for RTP.
pub(crate) struct OutgoingPacket {
    pub(crate) sequence: u64,
    pub(crate) rtp_time: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Vec<u8>,
    /// When its first sample was captured.
    pub(crate) captured: Instant,
    /// Loudness, from 0 (loudest) to -127 (silence), as in RFC 6464.
    pub(crate) level_dbov: i8,
}

impl AudioSender {
    /// A sender that starts at the given sequence number (its lower 15 bits) and timestamp, which should be random.
    pub(crate) fn new(first_sequence: u16, first_time: u32) -> Self {
        Self {
            track: None,
            next_sequence: u64::from(first_sequence & 0x7fff),
            time_offset: u64::from(first_time),
            last_time: u64::from(first_time),
            ssrc: 0,
            counters: SendCounters::default(),
        }
    }

    /// Begins to read a track. With `dtx`, silence within its audio is not sent.
    ///
    /// # Errors
    /// When libopus refuses the source's format.
    pub(crate) fn attach(
        &mut self,
        track: &RtcAudioTrack,
        reader: SourceReader,
        bitrate: Option<u32>,
        dtx: bool,
        now: Instant,
    ) -> Result<(), RtcError> {
        let bitrate = bitrate.map(|bitrate| bitrate.clamp(MIN_BITRATE_BPS, MAX_BITRATE_BPS));
        let options = SenderOptions { bitrate, dtx, ..SenderOptions::default() };
        let encoder = OpusSender::new(reader, options, now)
            .map_err(|error| RtcError::internal(format_args!("no Opus encoder: {error}")))?;
        self.time_offset = self.last_time;
        self.track = Some((track.clone(), encoder));
        Ok(())
    }

    /// Stops reading the track.
    pub(crate) fn detach(&mut self) {
        self.track = None;
    }

    /// Whether it reads this track.
    pub(crate) fn reads(&self, track: &RtcAudioTrack) -> bool {
        self.track.as_ref().is_some_and(|(attached, _)| attached.id() == track.id())
    }

    /// Sets the upper bound of the bitrate.
    pub(crate) fn set_bitrate(&mut self, bits_per_second: u32) {
        if let Some((_, encoder)) = &mut self.track {
            let bitrate = bits_per_second.clamp(MIN_BITRATE_BPS, MAX_BITRATE_BPS);
            if let Err(error) = encoder.set_bitrate(bitrate) {
                log::warn!("bitrate {bitrate} bit/s not set: {error}");
            }
        }
    }

    /// Tells the encoder what the receiver loses, in percent.
    pub(crate) fn set_packet_loss(&mut self, percent: u8) {
        if let Some((_, encoder)) = &mut self.track
            && let Err(error) = encoder.set_packet_loss(percent)
        {
            log::warn!("expected loss of {percent} % not set: {error}");
        }
    }

    /// When [`AudioSender::poll`] has work next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.track.as_ref().map(|(_, encoder)| encoder.deadline())
    }

    /// Encodes what is due.
    pub(crate) fn poll(&mut self, now: Instant, mut send: impl FnMut(OutgoingPacket)) {
        let Some((track, encoder)) = &mut self.track else { return };
        encoder.set_enabled(track.enabled());
        while encoder.deadline() <= now {
            let Some(packet) = encoder.poll(now) else { continue };
            let level_dbov = encoder.audio_level_dbov();
            let EncodedPacket { payload, rtp_time, marker, samples, captured } = packet;
            let time = self.time_offset + rtp_time;
            self.last_time = time + u64::from(samples);
            self.counters.packets += 1;
            self.counters.payload_bytes += payload.len() as u64;
            self.counters.samples_48k += u64::from(samples);
            send(OutgoingPacket {
                sequence: self.next_sequence,
                rtp_time: time as u32,
                marker,
                payload,
                captured,
                level_dbov,
            });
            self.next_sequence += 1;
        }
    }
}

/// The payload type for Opus among those that the peer accepts.
pub(crate) fn opus_payload_type(rtc: &str0m::Rtc, accepted: &[Pt]) -> Option<Pt> {
    rtc.codec_config()
        .params()
        .iter()
        .find(|params| params.spec().codec == str0m::format::Codec::Opus && accepted.contains(&params.pt()))
        .map(str0m::format::PayloadParams::pt)
}
