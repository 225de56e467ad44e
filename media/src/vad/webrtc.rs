//! Google's detector by Gaussian mixtures, as the `webrtc-vad` crate wraps it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::Vad;

/// How strict it is: 0 takes most for speech, 3 least.
pub use webrtc_vad::VadMode as WebrtcMode;

enum Request {
    Frame(Vec<i16>),
    Reset,
}

/// Says 0 or 1 for each 20 ms frame.
///
/// The crate's handle is tied to its thread (`!Send`) and this workspace has no `unsafe` to say otherwise, so each
/// detector lives on a small thread of its own, asked and answered once a frame (some 10 µs). The thread ends with
/// the detector.
pub struct WebrtcVad {
    requests: SyncSender<Request>,
    answers: Receiver<(bool, Vec<i16>)>,
    spare: Vec<i16>,
}

impl WebrtcVad {
    const FRAME_SAMPLES: usize = 320;

    /// A detector that has heard nothing yet.
    ///
    /// # Panics
    /// When the system has no thread left.
    pub fn new(mode: WebrtcMode) -> Self {
        let (requests, inbox) = sync_channel(1);
        let (outbox, answers) = sync_channel(1);
        let mode = mode as i32;
        thread::spawn(move || serve(mode, &inbox, &outbox));
        Self { requests, answers, spare: Vec::with_capacity(Self::FRAME_SAMPLES) }
    }
}

impl Default for WebrtcVad {
    fn default() -> Self {
        Self::new(WebrtcMode::VeryAggressive)
    }
}

fn serve(mode: i32, inbox: &Receiver<Request>, outbox: &SyncSender<(bool, Vec<i16>)>) {
    let fresh = || {
        let mode = match mode {
            0 => WebrtcMode::Quality,
            1 => WebrtcMode::LowBitrate,
            2 => WebrtcMode::Aggressive,
            _ => WebrtcMode::VeryAggressive,
        };
        webrtc_vad::Vad::new_with_rate_and_mode(webrtc_vad::SampleRate::Rate16kHz, mode)
    };
    let mut vad = fresh();
    while let Ok(request) = inbox.recv() {
        match request {
            Request::Reset => vad = fresh(),
            Request::Frame(frame) => {
                let speech = vad.is_voice_segment(&frame).unwrap_or(false);
                if outbox.send((speech, frame)).is_err() {
                    return;
                }
            }
        }
    }
}

impl Vad for WebrtcVad {
    fn frame_samples(&self) -> usize {
        Self::FRAME_SAMPLES
    }

    fn score(&mut self, frame: &[i16]) -> f32 {
        let mut copy = std::mem::take(&mut self.spare);
        copy.clear();
        copy.extend_from_slice(frame);
        if self.requests.send(Request::Frame(copy)).is_err() {
            return 0.0;
        }
        let Ok((speech, copy)) = self.answers.recv() else { return 0.0 };
        self.spare = copy;
        f32::from(u8::from(speech))
    }

    fn reset(&mut self) {
        // An error means that the thread is gone; then there is nothing to forget.
        let _ = self.requests.send(Request::Reset);
    }
}
