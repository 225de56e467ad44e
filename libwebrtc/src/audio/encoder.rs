//! From the source's PCM to Opus packets on a grid of 20 ms.

use std::time::{Duration, Instant};

use opus::{Application, Bitrate, Channels, Encoder};

use super::{RTP_RATE, opus_packet, smooth::Tail, source::SourceReader};

/// Length of a packet: the default `ptime` of RFC 7587, section 4.2.
const SLOT: Duration = Duration::from_millis(20);
/// RTP ticks in a slot.
const SLOT_48K: u32 = RTP_RATE / 50;
/// After a stall up to this many packets are made up for; what is older is skipped.
const MAX_CATCH_UP_SLOTS: u64 = 10;
/// Silence that is sent after a talk spurt before sending pauses: 200 ms, as long as Opus waits before DTX.
const TRAILING_SLOTS: u32 = 10;
/// A pause is kept alive by one packet each 400 ms, as Opus does in DTX (RFC 6716, section 2.1.9).
const KEEP_ALIVE_SLOTS: u64 = 20;
/// The largest packet of 20 ms (RFC 6716, section 3.2.1) with its TOC byte.
const MAX_PACKET_BYTES: usize = 1_276;

/// How a sender encodes. Loss and bitrate can change later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderOptions {
    /// In bit/s; `None` is 32 000 for mono and 64 000 for stereo.
    pub bitrate: Option<u32>,
    /// In-band forward error correction (`useinbandfec=1`).
    pub fec: bool,
    /// Discontinuous transmission (`usedtx=1`): silence within the audio is not sent either.
    pub dtx: bool,
    /// libopus' complexity, 0 to 10.
    pub complexity: u8,
    /// The least loss to arm against, in percent. Behind a server that forwards, reports tell of the way there only,
    /// not of that to the listeners. At 32 kbit/s libopus puts redundancy in from about 10 % on.
    pub packet_loss_percent: u8,
}

impl Default for SenderOptions {
    fn default() -> Self {
        Self { bitrate: None, fec: true, dtx: true, complexity: 5, packet_loss_percent: 10 }
    }
}

/// An RTP payload with what its header needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedPacket {
    /// One Opus packet (RFC 7587, section 4.2).
    pub payload: Vec<u8>,
    /// In RTP ticks (48 kHz) since the sender began; the caller adds a random offset (RFC 3550, section 5.1).
    pub rtp_time: u64,
    /// The first packet after a pause (RFC 3551, section 4.1).
    pub marker: bool,
    /// Duration in RTP ticks.
    pub samples: u32,
    /// The instant that `rtp_time` stands for, for sender reports.
    pub captured: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is sent but keep-alives.
    Idle,
    /// The source has audio.
    Talking,
    /// The source ran out; silence is sent so that receivers fade out instead of guessing. Counts slots.
    Trailing(u32),
}

/// Encodes a source in real time.
///
/// Time is a grid of 20 ms slots from the instant given to [`new`](Self::new); slot *n* has the RTP timestamp 960 *n*,
/// sent or not, so timestamps stay on real time through pauses and stalls.
///
/// When the source has less than 20 ms in a slot, the sender first lets one slot pass: a producer in real time that
/// was late gets ahead by that, and receivers conceal 20 ms. When nothing came until the next slot, the audio is
/// over: the rest is padded, running out in a ramp of 5 ms, then 200 ms of silence are sent, then one byte per 400 ms
/// (a TOC byte alone, as Opus' own DTX gives), until there is audio again, which begins with the marker bit. A new
/// sender also begins with 200 ms of silence: servers announce a track when its first packet is there.
///
/// A disabled (muted) track reads its source at the same pace and sends what an empty source would.
#[derive(Debug)]
pub(crate) struct OpusSender {
    reader: SourceReader,
    encoder: Encoder,
    least_loss: u8,
    enabled: bool,
    start: Instant,
    /// The next slot that was not polled yet.
    slot: u64,
    /// The slot of the last packet.
    sent_slot: u64,
    phase: Phase,
    /// What the source had in the slot that was let pass.
    held: Option<usize>,
    /// A slot has passed without a packet since the last one, by DTX or pause.
    paused: bool,
    toc: u8,
    tail: Tail,
    pcm: Vec<i16>,
}

impl OpusSender {
    /// A sender whose first slot is at `now`.
    ///
    /// # Errors
    ///
    /// When libopus refuses an option, or has no memory.
    pub(crate) fn new(
        reader: SourceReader,
        options: SenderOptions,
        now: Instant,
    ) -> Result<Self, opus::Error> {
        let (channels, application, default_bitrate) = if reader.width() == 1 {
            (Channels::Mono, Application::Voip, 32_000)
        } else {
            (Channels::Stereo, Application::Audio, 64_000)
        };
        let mut encoder = Encoder::new(reader.rate(), channels, application)?;
        encoder.set_bitrate(bits(options.bitrate.unwrap_or(default_bitrate)))?;
        encoder.set_inband_fec(options.fec)?;
        encoder.set_dtx(options.dtx)?;
        encoder.set_complexity(i32::from(options.complexity.min(10)))?;
        let least_loss = options.packet_loss_percent.min(100);
        encoder.set_packet_loss_perc(i32::from(least_loss))?;
        Ok(Self {
            reader,
            encoder,
            least_loss,
            enabled: true,
            start: now,
            slot: 0,
            sent_slot: 0,
            phase: Phase::Trailing(0),
            held: None,
            paused: true,
            toc: opus_packet::SILENCE_TOC,
            tail: Tail::default(),
            pcm: Vec::new(),
        })
    }

    /// When [`poll`](Self::poll) has work. While the source is silent that is up to 400 ms ahead; ask again when
    /// the reader's `filled` fires.
    pub(crate) fn deadline(&self) -> Instant {
        let slot = if self.phase == Phase::Idle && self.reader.available() == 0 {
            self.slot.max(self.sent_slot + KEEP_ALIVE_SLOTS)
        } else {
            self.slot
        };
        self.start + slot_time(slot)
    }

    /// Does one slot and gives its packet, if it has one. Call it until [`deadline`](Self::deadline) is after `now`;
    /// before the deadline it does nothing.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<EncodedPacket> {
        if now < self.deadline() {
            return None;
        }
        let due = (now.saturating_duration_since(self.start).as_micros() / SLOT.as_micros()) as u64;
        let oldest = if self.phase == Phase::Idle { due } else { due.saturating_sub(MAX_CATCH_UP_SLOTS) };
        let slot = self.slot.max(oldest);
        self.slot = slot + 1;

        let full = self.reader.rate() as usize / 50;
        self.pcm.clear();
        let mut available = self.reader.available();
        if !self.enabled {
            self.reader.take(full, &mut self.pcm);
            self.pcm.clear();
            self.held = Some(0);
            available = 0;
        }
        if available < full && self.may_wait(available) {
            self.held = Some(available);
            return None;
        }
        self.held = None;
        if available == 0 { self.silence(slot, full) } else { self.speech(slot, full) }
    }

    /// Sends silence instead of the source, or the source again.
    pub(crate) fn set_enabled(&mut self, enabled: bool) {
        self.enabled = enabled;
    }

    /// The bitrate to aim at, in bit/s; libopus takes 6 000 to 510 000.
    pub(crate) fn set_bitrate(&mut self, bitrate: u32) -> Result<(), opus::Error> {
        self.encoder.set_bitrate(bits(bitrate))
    }

    /// What receivers report as lost, in percent: sets how much redundancy forward error correction puts in, but never
    /// less than the options say.
    pub(crate) fn set_packet_loss(&mut self, percent: u8) -> Result<(), opus::Error> {
        self.encoder.set_packet_loss_perc(i32::from(percent.clamp(self.least_loss, 100)))
    }

    /// Level of the audio of the last packet in dB of full scale, from 0, the loudest, to -127, digital silence and
    /// keep-alives (RFC 6464, section 3).
    pub(crate) fn audio_level_dbov(&self) -> i8 {
        level_dbov(&self.pcm)
    }

    /// Whether a short slot may pass in the hope of more: once, and again only when more has come meanwhile.
    fn may_wait(&self, available: usize) -> bool {
        match self.held {
            Some(held) => available > held,
            None => available > 0 || self.phase == Phase::Talking,
        }
    }

    fn speech(&mut self, slot: u64, full: usize) -> Option<EncodedPacket> {
        let width = self.reader.width();
        let taken = self.reader.take(full, &mut self.pcm);
        if self.phase != Phase::Talking {
            self.tail.join(&mut self.pcm, width, self.reader.rate());
        }
        self.phase = Phase::Talking;
        if taken < full {
            self.pad(full);
            self.phase = Phase::Trailing(0);
        }
        self.encode(slot)
    }

    fn silence(&mut self, slot: u64, full: usize) -> Option<EncodedPacket> {
        let sent = match self.phase {
            Phase::Idle if slot < self.sent_slot + KEEP_ALIVE_SLOTS => return None,
            Phase::Idle => return Some(self.keep_alive(slot)),
            Phase::Talking => 0,
            Phase::Trailing(sent) => sent,
        };
        if sent >= TRAILING_SLOTS {
            self.phase = Phase::Idle;
            return Some(self.keep_alive(slot));
        }
        self.phase = Phase::Trailing(sent + 1);
        self.pad(full);
        self.encode(slot)
    }

    /// Fills `pcm` up to `full` samples per channel, from the last sample down to zero.
    fn pad(&mut self, full: usize) {
        let width = self.reader.width();
        let start = self.pcm.len();
        self.tail.follow(&self.pcm, width);
        self.pcm.resize(full * width, 0);
        self.tail.join(&mut self.pcm[start..], width, self.reader.rate());
    }

    fn keep_alive(&mut self, slot: u64) -> EncodedPacket {
        self.tail = Tail::default();
        self.pcm.clear();
        let packet = self.packet(slot, vec![self.toc]);
        self.paused = true;
        packet
    }

    fn encode(&mut self, slot: u64) -> Option<EncodedPacket> {
        self.tail.follow(&self.pcm, self.reader.width());
        let payload = match self.encoder.encode_vec(&self.pcm, MAX_PACKET_BYTES) {
            Ok(payload) => payload,
            Err(error) => {
                log::warn!("opus encoder: {error}");
                return None;
            }
        };
        let quiet = opus_packet::is_dtx(&payload);
        if quiet && self.paused {
            return None;
        }
        self.toc = opus_packet::single_frame_toc(&payload).unwrap_or(self.toc);
        let packet = self.packet(slot, payload);
        // The first packet without content tells receivers of the pause; the next ones are left out.
        self.paused = quiet;
        Some(packet)
    }

    fn packet(&mut self, slot: u64, payload: Vec<u8>) -> EncodedPacket {
        self.sent_slot = slot;
        EncodedPacket {
            marker: self.paused && !opus_packet::is_dtx(&payload),
            payload,
            rtp_time: slot * u64::from(SLOT_48K),
            samples: SLOT_48K,
            captured: self.start + slot_time(slot),
        }
    }
}

/// Root mean square of `pcm` (any interleaving) in dB of full scale, -127 to 0; -127 for none.
fn level_dbov(pcm: &[i16]) -> i8 {
    let energy: f64 = pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    let mean = energy / pcm.len().max(1) as f64;
    (10.0 * (mean / f64::from(i16::MAX).powi(2)).log10()).round().clamp(-127.0, 0.0) as i8
}

fn bits(bitrate: u32) -> Bitrate {
    Bitrate::Bits(bitrate.clamp(6_000, 510_000) as i32)
}

fn slot_time(slot: u64) -> Duration {
    Duration::from_millis(slot * SLOT.as_millis() as u64)
}
