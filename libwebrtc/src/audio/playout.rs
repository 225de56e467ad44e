//! The jitter buffer: packets in as they arrive, 10 ms of audio out whenever asked.

use std::time::Instant;

use super::{
    RTP_RATE, TEN_MS_48K, codec_channels, codec_rate,
    decoder::PcmQueue,
    delay::DelayEstimator,
    opus_packet,
    output::Output,
    packet_buffer::{Packet, PacketBuffer},
    smooth::Tail,
    stats::PlayoutStats,
};
use crate::audio_frame::AudioFrame;

const MS: i64 = RTP_RATE as i64 / 1_000;
/// Guessing goes on for this long at most, ...
const MAX_CONCEALED: i64 = 100 * MS;
/// ... at full level for this long, then fading.
const FADE_AFTER: i64 = 40 * MS;
/// Playout may lag behind its aim by this much before it catches up, and be ahead before it waits.
const LAG_TOLERANCE: i64 = 10 * MS;
const LEAD_TOLERANCE: i64 = 5 * MS;
/// Beyond these, audio is dropped or silence put in, instead of playing faster or slower. Speech that is heard late
/// is worth more than speech that is not heard, so this is not for the stalls of every day.
const MAX_LAG: i64 = 600 * MS;
const LAG_AFTER_DROP: i64 = 200 * MS;
const MAX_LEAD: i64 = 500 * MS;
/// Audio that has to be decoded to find a pitch period to take out.
const STRETCH_WINDOW: i64 = 30 * MS;
/// Playout ticks between two changes of speed, when far from the aim and when near.
const STRETCH_PAUSE_FAR: u32 = 3;
const STRETCH_PAUSE_NEAR: u32 = 6;
const FAR: i64 = 60 * MS;
/// How like each other audio must be at a cut just beyond the tolerance; ...
const LIKENESS: f32 = 0.85;
/// ... this much further, anything goes. Noise is never like itself, and an empty buffer is worse than a bad cut.
const ANY_CUT_LAG: i64 = 40 * MS;
const ANY_CUT_LEAD: i64 = 2 * MS;
/// A newer packet with a timestamp older by this much means that its sender began anew.
const RESTART: i64 = 100 * MS;
/// A pause of a sender that is known to have lost nothing is concealed up to this length.
const MAX_UNTOLD_PAUSE: i64 = 40 * MS;
/// Recent loss makes the buffer a packet deeper, for this many packets.
const LOSS_MEMORY_PACKETS: u32 = 500;
/// Timestamps beyond this are no extension of 32 bits by any stream of this world.
const MAX_TIMESTAMP: u64 = 1 << 61;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing to play: silence until the next packet's time.
    Silent,
    /// Audio goes on from `next`.
    Playing,
}

/// Plays one Opus stream: reorders, delays, decodes and conceals.
///
/// The time to play a timestamp is that of the fastest recent packet plus the delay of [`DelayEstimator`]. Playout
/// that strays from it, by drift of the sender's clock, late packets or a new delay, is brought back by taking out or
/// repeating single pitch periods; in silence it costs nothing.
///
/// A packet that is missing while later ones are there is lost: its audio comes from the forward error correction of
/// the next packet if that has some, else from libopus' concealment. If no later packet is there, playout waits for it
/// with concealed audio, for 100 ms fading to silence, and goes on where it was.
///
/// At most 2 s of packets are held. Give all instants from one clock.
#[derive(Debug)]
pub(crate) struct Playout {
    buffer: PacketBuffer,
    delay: DelayEstimator,
    pcm: PcmQueue,
    output: Output,
    state: State,
    epoch: Option<Instant>,
    /// Timestamp after the last decoded sample.
    next: i64,
    /// Sequence number of the last decoded packet.
    last_seq: u64,
    /// Concealed audio that was put in since `next` without moving it.
    held: i64,
    /// Concealed audio in a row.
    concealed: i64,
    /// The sender said that it pauses.
    dtx: bool,
    newest: Option<Newest>,
    since_stretch: u32,
    since_loss: u32,
    longest_packet: i64,
    played: Tail,
    scratch: Vec<i16>,
    stats: PlayoutStats,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    seq: u64,
    end: i64,
}

impl Playout {
    /// A playout that gives frames of `sample_rate` Hz and `channels` channels.
    ///
    /// Rates that libopus knows are decoded directly, others resampled from 48 kHz. More than two channels get the two
    /// of the codec and silence.
    ///
    /// # Errors
    ///
    /// When libopus has no memory. A rate or channel count of 0 counts as 48 000 Hz or 1 channel.
    pub(crate) fn new(sample_rate: u32, channels: u32) -> Result<Self, opus::Error> {
        let sample_rate = if sample_rate < 100 { RTP_RATE } else { sample_rate };
        let channels = channels.max(1);
        Ok(Self {
            buffer: PacketBuffer::default(),
            delay: DelayEstimator::default(),
            pcm: PcmQueue::new(codec_rate(sample_rate), codec_channels(channels))?,
            output: Output::new(sample_rate, channels),
            state: State::Silent,
            epoch: None,
            next: 0,
            last_seq: 0,
            held: 0,
            concealed: 0,
            dtx: false,
            newest: None,
            since_stretch: 0,
            since_loss: u32::MAX,
            longest_packet: 0,
            played: Tail::default(),
            scratch: Vec::new(),
            stats: PlayoutStats::default(),
        })
    }

    /// Takes in a packet: `seq` and `rtp_time` (48 kHz ticks) extended beyond 16 and 32 bits, `payload` one Opus packet.
    ///
    /// Never fails: what cannot be played is counted in [`stats`](Self::stats).
    pub(crate) fn push(&mut self, seq: u64, rtp_time: u64, payload: &[u8], arrival: Instant) {
        let Some(duration) = opus_packet::duration_48k(payload).filter(|_| rtp_time < MAX_TIMESTAMP) else {
            self.stats.packets_invalid += 1;
            return;
        };
        let start = rtp_time as i64;
        let packet = Packet { seq, start_48k: start, duration_48k: duration, payload: payload.into() };
        if self.newest.is_some_and(|newest| seq > newest.seq && packet.end_48k() < newest.end - RESTART) {
            self.reset();
        }
        let newest = self.newest.get_or_insert(Newest { seq, end: packet.end_48k() });
        *newest = Newest { seq: newest.seq.max(seq), end: newest.end.max(packet.end_48k()) };

        let arrival = self.ticks(arrival);
        self.delay.on_packet(start, arrival);
        self.since_loss = self.since_loss.saturating_add(1);
        self.longest_packet = self.longest_packet.max(duration);
        if self.state == State::Playing && packet.end_48k() <= self.next {
            self.stats.packets_late += 1;
            return;
        }
        match self.buffer.insert(packet) {
            Ok(dropped) => {
                self.stats.packets_received += 1;
                self.stats.packets_discarded += dropped;
            }
            Err(_) => self.stats.packets_duplicate += 1,
        }
    }

    /// The next 10 ms, to be heard at `now`: call it every 10 ms.
    ///
    /// A frame has `sample_rate / 100` samples per channel; for rates that 100 does not divide, one more every so
    /// often, so that a second has exactly as many as the rate says.
    pub(crate) fn pull_10ms(&mut self, now: Instant) -> AudioFrame<'static> {
        let now = self.ticks(now);
        self.fill(now);
        self.scratch.clear();
        self.pcm.take_10ms(&mut self.scratch);
        self.played.follow(&self.scratch, self.pcm.channels());
        self.stats.total_samples += TEN_MS_48K as u64;
        self.output.frame(&self.scratch)
    }

    /// Begins anew: another SSRC, or the same sender after a restart. Counters go on; what was not played is discarded.
    pub(crate) fn reset(&mut self) {
        self.stats.packets_discarded += self.buffer.clear();
        self.delay = DelayEstimator::default();
        self.newest = None;
        self.state = State::Silent;
        self.dtx = false;
        self.held = 0;
        self.concealed = 0;
        self.pcm.reset();
    }

    /// What was done so far.
    pub(crate) fn stats(&self) -> PlayoutStats {
        PlayoutStats { current_target_ms: (self.target() / MS) as u32, ..self.stats }
    }

    /// Makes at least 10 ms of audio be decoded.
    fn fill(&mut self, now: i64) {
        let aim = self.delay.base_48k().map(|base| now - base - self.target());
        self.jump(aim);
        while self.pcm.len_48k() < TEN_MS_48K {
            match self.state {
                State::Silent => self.wait(aim),
                State::Playing => self.advance(),
            }
        }
        let Some(aim) = aim.filter(|_| self.state == State::Playing) else { return };
        self.stats.jitter_buffer_delay_48k +=
            (aim + self.target() - self.head()).max(0) as u64 * TEN_MS_48K as u64;
        self.stats.target_delay_48k += self.target() as u64 * TEN_MS_48K as u64;
        self.stats.jitter_buffer_emitted += TEN_MS_48K as u64;
        self.stretch(aim);
    }

    /// Timestamp of the next sample to be taken.
    fn head(&self) -> i64 {
        self.next - self.pcm.len_48k()
    }

    fn target(&self) -> i64 {
        let target = self.delay.target_48k();
        // A lost packet can be recovered only once the next one is there, which comes a packet later.
        if self.since_loss < LOSS_MEMORY_PACKETS {
            target.max(self.longest_packet.min(60 * MS) + 20 * MS)
        } else {
            target
        }
    }

    /// Leaves out audio, or goes silent, when playout is too far from its aim to be brought back in small steps.
    fn jump(&mut self, aim: Option<i64>) {
        let Some(aim) = aim else { return };
        let head = match self.state {
            State::Playing => self.head(),
            State::Silent => self.buffer.first().map_or(aim, |packet| packet.start_48k),
        };
        if aim - head > MAX_LAG {
            self.stats.packets_discarded += self.buffer.drop_before(aim - LAG_AFTER_DROP);
            self.pcm.clear(self.played);
            self.state = State::Silent;
        } else if self.state == State::Playing && head - aim > MAX_LEAD {
            self.state = State::Silent;
        }
    }

    /// Adds silence up to the time of the next packet.
    fn wait(&mut self, aim: Option<i64>) {
        let missing = TEN_MS_48K - self.pcm.len_48k();
        let due = aim.map(|aim| aim + self.pcm.len_48k());
        let until = self.buffer.first().zip(due).map(|(packet, due)| packet.start_48k - due);
        let silence = until.map_or(missing, |until| until.clamp(0, missing));
        if silence > 0 {
            self.pcm.silence(silence);
            self.stats.silence_samples += silence as u64;
        }
        if let Some(packet) = self.buffer.first().filter(|_| until.is_some_and(|until| until <= silence)) {
            self.next = packet.start_48k;
            self.state = State::Playing;
            self.held = 0;
            self.concealed = 0;
            self.dtx = false;
        }
    }

    /// Adds the next audio: a packet, or what takes its place. Or finds that there is none and goes silent.
    fn advance(&mut self) {
        let gap = self.buffer.first().map(|packet| packet.start_48k - self.next);
        match gap {
            None => self.starve(),
            Some(gap) if gap <= 0 => self.play(),
            Some(gap) if self.held > 0 => {
                // What was guessed while waiting stands for the beginning of what is now known to be lost.
                let covered = gap.min(self.held);
                self.next += covered;
                self.held = 0;
            }
            Some(gap) => self.bridge(gap),
        }
    }

    fn play(&mut self) {
        let Some(packet) = self.buffer.pop() else { return };
        self.last_seq = packet.seq;
        let skip = self.next - packet.start_48k;
        if skip >= packet.duration_48k {
            self.stats.packets_late += 1;
            self.stats.packets_received -= 1;
            return;
        }
        if let Err(error) = self.pcm.decode(&packet.payload, skip) {
            log::debug!("opus packet of {} bytes: {error}", packet.payload.len());
            self.stats.packets_invalid += 1;
            self.conceal((packet.duration_48k - skip).min(TEN_MS_48K));
            self.next += (packet.duration_48k - skip).min(TEN_MS_48K);
            return;
        }
        self.next = packet.end_48k();
        self.held = 0;
        self.concealed = 0;
        self.dtx = opus_packet::is_dtx(&packet.payload);
    }

    /// Fills a gap before the next packet.
    fn bridge(&mut self, gap: i64) {
        if self.dtx || self.concealed >= MAX_CONCEALED {
            self.state = State::Silent;
            return;
        }
        let Some(packet) = self.buffer.first() else { return };
        // In a gap of timestamps alone the sender paused: the redundant copy is of what was played already.
        let lost = packet.seq != self.last_seq.wrapping_add(1);
        if !lost && gap > MAX_UNTOLD_PAUSE {
            self.state = State::Silent;
            return;
        }
        let redundant = opus_packet::frame_duration_48k(&packet.payload)
            .filter(|_| lost && opus_packet::has_fec(&packet.payload));
        if lost {
            self.since_loss = 0;
        }
        match redundant {
            Some(frame) if gap <= frame => {
                if self.pcm.recover(&packet.payload, frame, gap).is_ok() {
                    self.stats.fec_recovered += 1;
                    self.concealed = 0;
                } else {
                    self.conceal(gap);
                }
                self.next += gap;
            }
            Some(frame) => self.conceal_on((gap - frame).min(TEN_MS_48K)),
            None => self.conceal_on(gap.min(TEN_MS_48K)),
        }
    }

    /// Waits for a packet that is late.
    fn starve(&mut self) {
        if self.dtx || self.concealed >= MAX_CONCEALED {
            self.state = State::Silent;
            return;
        }
        self.conceal(TEN_MS_48K);
        self.held += TEN_MS_48K;
    }

    fn conceal_on(&mut self, length: i64) {
        self.conceal(length);
        self.next += length;
    }

    fn conceal(&mut self, length: i64) {
        let start = self.concealed;
        let before = self.pcm.len_48k();
        self.pcm.conceal(length, |at| {
            let faded = (start + at - FADE_AFTER).max(0) as f32 / (MAX_CONCEALED - FADE_AFTER) as f32;
            (1.0 - faded).max(0.0)
        });
        // Never come back with less than asked: callers count on progress.
        let missing = length - (self.pcm.len_48k() - before);
        if missing > 0 {
            self.pcm.silence(missing);
        }
        self.stats.concealment_events += u64::from(self.concealed == 0);
        self.stats.concealed_samples += length as u64;
        self.concealed += length;
    }

    /// Moves playout towards `aim` by at most one pitch period.
    fn stretch(&mut self, aim: i64) {
        self.since_stretch = self.since_stretch.saturating_add(1);
        let lag = aim - self.head();
        let far = lag.abs() > FAR;
        let pause = if far { STRETCH_PAUSE_FAR } else { STRETCH_PAUSE_NEAR };
        if self.concealed > 0 || self.since_stretch < pause {
            return;
        }
        let likeness = |excess: i64, most: i64| LIKENESS * (1.0 - excess as f32 / most as f32);
        let changed = if lag > LAG_TOLERANCE {
            while self.pcm.len_48k() < STRETCH_WINDOW
                && self.buffer.first().is_some_and(|packet| packet.start_48k == self.next)
            {
                self.play();
            }
            let removed = self.pcm.shorten(likeness(lag - LAG_TOLERANCE, ANY_CUT_LAG));
            self.stats.removed_samples += removed as u64;
            removed
        } else if lag < -LEAD_TOLERANCE {
            let inserted = self.pcm.lengthen(likeness(-lag - LEAD_TOLERANCE, ANY_CUT_LEAD));
            self.stats.inserted_samples += inserted as u64;
            inserted
        } else {
            0
        };
        if changed > 0 {
            self.since_stretch = 0;
        }
    }

    /// `instant` on a clock of RTP ticks that begins with the first instant seen.
    fn ticks(&mut self, instant: Instant) -> i64 {
        let epoch = *self.epoch.get_or_insert(instant);
        let ticks = |duration: std::time::Duration| (duration.as_micros() * 48 / 1_000) as i64;
        match instant.checked_duration_since(epoch) {
            Some(after) => ticks(after),
            None => -ticks(epoch.duration_since(instant)),
        }
    }

    /// Packets and samples that are held, for bounds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.buffer.len(), self.pcm.queued_samples() + self.output.held_samples())
    }
}
