//! Local tracks, and the platform's audio devices, of which there are none here.

use super::PeerConnectionFactory;
use crate::{
    audio_source::native::NativeAudioSource, audio_track::RtcAudioTrack, native::create_random_uuid,
    video_source::native::NativeVideoSource, video_track::RtcVideoTrack,
};

/// What a factory does outside browsers.
///
/// Microphones and loudspeakers are not supported: every method about them says so with the harmless value
/// named in its text.
pub trait PeerConnectionFactoryExt {
    /// A video track, whose frames are dropped.
    fn create_video_track(&self, label: &str, source: NativeVideoSource) -> RtcVideoTrack;
    /// An audio track that sends what is captured into `source`; `label` becomes its id.
    fn create_audio_track(&self, label: &str, source: NativeAudioSource) -> RtcAudioTrack;
    /// A track of the microphone: silent, as there is none.
    fn create_device_audio_track(&self, label: &str) -> RtcAudioTrack;
    /// Number of loudspeakers: 0.
    fn playout_devices(&self) -> i16;
    /// Number of microphones: 0.
    fn recording_devices(&self) -> i16;
    /// Name of a loudspeaker: empty.
    fn playout_device_name(&self, index: u16) -> String;
    /// Name of a microphone: empty.
    fn recording_device_name(&self, index: u16) -> String;
    /// Stable id of a loudspeaker: empty.
    fn playout_device_guid(&self, index: u16) -> String;
    /// Stable id of a microphone: empty.
    fn recording_device_guid(&self, index: u16) -> String;
    /// Chooses a loudspeaker: `false`.
    fn set_playout_device(&self, index: u16) -> bool;
    /// Chooses a microphone: `false`.
    fn set_recording_device(&self, index: u16) -> bool;
    /// Chooses a loudspeaker: `false`.
    fn set_playout_device_by_guid(&self, guid: &str) -> bool;
    /// Chooses a microphone: `false`.
    fn set_recording_device_by_guid(&self, guid: &str) -> bool;
    /// Stops the microphone: `false`.
    fn stop_recording(&self) -> bool;
    /// Prepares the microphone: `false`.
    fn init_recording(&self) -> bool;
    /// Starts the microphone: `false`.
    fn start_recording(&self) -> bool;
    /// Whether the microphone is prepared: `false`.
    fn recording_is_initialized(&self) -> bool;
    /// Stops the loudspeaker: `false`.
    fn stop_playout(&self) -> bool;
    /// Prepares the loudspeaker: `false`.
    fn init_playout(&self) -> bool;
    /// Starts the loudspeaker: `false`.
    fn start_playout(&self) -> bool;
    /// Whether the loudspeaker is prepared: `false`.
    fn playout_is_initialized(&self) -> bool;
    /// Whether the hardware cancels echo: `false`.
    fn builtin_aec_is_available(&self) -> bool;
    /// Whether the hardware controls gain: `false`.
    fn builtin_agc_is_available(&self) -> bool;
    /// Whether the hardware suppresses noise: `false`.
    fn builtin_ns_is_available(&self) -> bool;
    /// Turns the hardware's echo cancellation on or off: `false`.
    fn enable_builtin_aec(&self, enable: bool) -> bool;
    /// Turns the hardware's gain control on or off: `false`.
    fn enable_builtin_agc(&self, enable: bool) -> bool;
    /// Turns the hardware's noise suppression on or off: `false`.
    fn enable_builtin_ns(&self, enable: bool) -> bool;
    /// Allows or forbids use of the microphone: nothing happens.
    fn set_adm_recording_enabled(&self, enabled: bool);
    /// Whether the microphone may be used: `false`.
    fn adm_recording_enabled(&self) -> bool;
    /// Allows or forbids use of the loudspeaker: nothing happens.
    fn set_adm_playout_enabled(&self, enabled: bool);
    /// Whether the loudspeaker may be used: `false`.
    fn adm_playout_enabled(&self) -> bool;
    /// Opens the platform's audio: `false`.
    fn acquire_platform_adm(&self) -> bool;
    /// Gives the platform's audio back: nothing happens.
    fn release_platform_adm(&self);
    /// How often the platform's audio is in use: 0.
    fn platform_adm_ref_count(&self) -> i32;
    /// Whether the platform's audio is in use: `false`.
    fn is_platform_adm_active(&self) -> bool;
}

impl PeerConnectionFactoryExt for PeerConnectionFactory {
    fn create_video_track(&self, label: &str, source: NativeVideoSource) -> RtcVideoTrack {
        let _ = source;
        RtcVideoTrack::new(id_or_random(label))
    }

    fn create_audio_track(&self, label: &str, source: NativeAudioSource) -> RtcAudioTrack {
        RtcAudioTrack::local(id_or_random(label), Some(source))
    }

    fn create_device_audio_track(&self, label: &str) -> RtcAudioTrack {
        log::warn!("track {label} stays silent: audio devices are not supported");
        RtcAudioTrack::local(id_or_random(label), None)
    }

    fn playout_devices(&self) -> i16 {
        0
    }

    fn recording_devices(&self) -> i16 {
        0
    }

    fn playout_device_name(&self, _index: u16) -> String {
        String::new()
    }

    fn recording_device_name(&self, _index: u16) -> String {
        String::new()
    }

    fn playout_device_guid(&self, _index: u16) -> String {
        String::new()
    }

    fn recording_device_guid(&self, _index: u16) -> String {
        String::new()
    }

    fn set_playout_device(&self, _index: u16) -> bool {
        false
    }

    fn set_recording_device(&self, _index: u16) -> bool {
        false
    }

    fn set_playout_device_by_guid(&self, _guid: &str) -> bool {
        false
    }

    fn set_recording_device_by_guid(&self, _guid: &str) -> bool {
        false
    }

    fn stop_recording(&self) -> bool {
        false
    }

    fn init_recording(&self) -> bool {
        false
    }

    fn start_recording(&self) -> bool {
        false
    }

    fn recording_is_initialized(&self) -> bool {
        false
    }

    fn stop_playout(&self) -> bool {
        false
    }

    fn init_playout(&self) -> bool {
        false
    }

    fn start_playout(&self) -> bool {
        false
    }

    fn playout_is_initialized(&self) -> bool {
        false
    }

    fn builtin_aec_is_available(&self) -> bool {
        false
    }

    fn builtin_agc_is_available(&self) -> bool {
        false
    }

    fn builtin_ns_is_available(&self) -> bool {
        false
    }

    fn enable_builtin_aec(&self, _enable: bool) -> bool {
        false
    }

    fn enable_builtin_agc(&self, _enable: bool) -> bool {
        false
    }

    fn enable_builtin_ns(&self, _enable: bool) -> bool {
        false
    }

    fn set_adm_recording_enabled(&self, _enabled: bool) {}

    fn adm_recording_enabled(&self) -> bool {
        false
    }

    fn set_adm_playout_enabled(&self, _enabled: bool) {}

    fn adm_playout_enabled(&self) -> bool {
        false
    }

    fn acquire_platform_adm(&self) -> bool {
        false
    }

    fn release_platform_adm(&self) {}

    fn platform_adm_ref_count(&self) -> i32 {
        0
    }

    fn is_platform_adm_active(&self) -> bool {
        false
    }
}

fn id_or_random(label: &str) -> String {
    if label.is_empty() { create_random_uuid() } else { label.to_owned() }
}
