//! `libpocketsphinx.so.3`, loaded at run time: the only unsafe code of this crate.
//!
//! Written for the ABI of PocketSphinx 5prealpha (Debian `libpocketsphinx3` 0.8+5prealpha): `pocketsphinx.h` and
//! `sphinxbase/cmd_ln.h`. PocketSphinx 5.0 has another one, and another soname.
#![expect(unsafe_code, reason = "PocketSphinx is a C library")]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    marker::PhantomData,
    ptr::{self, NonNull},
    sync::Arc,
};

use libloading::Library;

const SPHINXBASE: &str = "libsphinxbase.so.3";
const POCKETSPHINX: &str = "libpocketsphinx.so.3";

type CmdLn = c_void;
type PsDecoder = c_void;

/// The functions we use. They are valid as long as the libraries are held.
struct Functions {
    cmd_ln_parse_r: unsafe extern "C" fn(*mut CmdLn, *const c_void, i32, *mut *mut c_char, i32) -> *mut CmdLn,
    cmd_ln_free_r: unsafe extern "C" fn(*mut CmdLn) -> c_int,
    err_set_logfile: unsafe extern "C" fn(*const c_char) -> c_int,
    ps_args: unsafe extern "C" fn() -> *const c_void,
    ps_init: unsafe extern "C" fn(*mut CmdLn) -> *mut PsDecoder,
    ps_free: unsafe extern "C" fn(*mut PsDecoder) -> c_int,
    ps_start_stream: unsafe extern "C" fn(*mut PsDecoder) -> c_int,
    ps_start_utt: unsafe extern "C" fn(*mut PsDecoder) -> c_int,
    ps_process_raw: unsafe extern "C" fn(*mut PsDecoder, *const i16, usize, c_int, c_int) -> c_int,
    ps_end_utt: unsafe extern "C" fn(*mut PsDecoder) -> c_int,
    ps_get_hyp: unsafe extern "C" fn(*mut PsDecoder, *mut i32) -> *const c_char,
    _pocketsphinx: Library,
    _sphinxbase: Library,
}

/// A function, copied out of its library.
fn symbol<T: Copy>(library: &Library, name: &str) -> Result<T, String> {
    // SAFETY: each caller gives the type that the header declares for the name; the pointer is used only while
    // `Functions` holds the library.
    let symbol = unsafe { library.get::<T>(name.as_bytes()) };
    symbol.map(|symbol| *symbol).map_err(|error| error.to_string())
}

/// The loaded library. Clones share it.
#[derive(Clone)]
pub(super) struct PocketSphinx(Arc<Functions>);

impl PocketSphinx {
    /// Loads the library and looks up its functions.
    ///
    /// Errors: the dynamic linker's words.
    pub(super) fn load() -> Result<Self, String> {
        let text = |error: libloading::Error| error.to_string();
        // SAFETY: the libraries' initialisers do nothing but set up their own static data.
        let sphinxbase = unsafe { Library::new(SPHINXBASE) }.map_err(text)?;
        // SAFETY: as above.
        let pocketsphinx = unsafe { Library::new(POCKETSPHINX) }.map_err(text)?;
        let functions = Functions {
            cmd_ln_parse_r: symbol(&sphinxbase, "cmd_ln_parse_r")?,
            cmd_ln_free_r: symbol(&sphinxbase, "cmd_ln_free_r")?,
            err_set_logfile: symbol(&sphinxbase, "err_set_logfile")?,
            ps_args: symbol(&pocketsphinx, "ps_args")?,
            ps_init: symbol(&pocketsphinx, "ps_init")?,
            ps_free: symbol(&pocketsphinx, "ps_free")?,
            ps_start_stream: symbol(&pocketsphinx, "ps_start_stream")?,
            ps_start_utt: symbol(&pocketsphinx, "ps_start_utt")?,
            ps_process_raw: symbol(&pocketsphinx, "ps_process_raw")?,
            ps_end_utt: symbol(&pocketsphinx, "ps_end_utt")?,
            ps_get_hyp: symbol(&pocketsphinx, "ps_get_hyp")?,
            _pocketsphinx: pocketsphinx,
            _sphinxbase: sphinxbase,
        };
        // SAFETY: a NUL-terminated path. The library's chatter goes to a file, or to standard error if that fails.
        let _ = unsafe { (functions.err_set_logfile)(c"/dev/null".as_ptr()) };
        Ok(Self(Arc::new(functions)))
    }

    /// Loads a model. `arguments` are pairs of option and value, as of the program `pocketsphinx_batch`.
    ///
    /// The caller has made sure that the files exist: the library ends the process over some that do not.
    ///
    /// Errors: the library refuses the arguments or the model; it says no more than that.
    pub(super) fn decoder(&self, arguments: &[String]) -> Result<Decoder, String> {
        let functions = &*self.0;
        let arguments: Vec<CString> = std::iter::once("pocketsphinx")
            .chain(arguments.iter().map(String::as_str))
            .map(|text| CString::new(text).map_err(|error| error.to_string()))
            .collect::<Result<_, _>>()?;
        let mut argv: Vec<*mut c_char> = arguments.iter().map(|text| text.as_ptr().cast_mut()).collect();
        // SAFETY: `argv` has `argv.len()` NUL-terminated strings, which the library copies and does not change; the
        // definitions are static. Null for the first argument makes a new object.
        let config = unsafe {
            let definitions = (functions.ps_args)();
            (functions.cmd_ln_parse_r)(ptr::null_mut(), definitions, argv.len() as i32, argv.as_mut_ptr(), 1)
        };
        if config.is_null() {
            return Err("PocketSphinx does not take its options".to_owned());
        }
        // SAFETY: `config` is not null. The decoder counts its own reference to it, so that ours is given back.
        let decoder = unsafe {
            let decoder = (functions.ps_init)(config);
            (functions.cmd_ln_free_r)(config);
            decoder
        };
        let handle = NonNull::new(decoder).ok_or("PocketSphinx cannot load its model")?;
        Ok(Decoder { library: self.clone(), handle, _arguments: arguments, _one_thread: PhantomData })
    }
}

/// A recogniser with its model. Stays on the thread that made it.
pub(super) struct Decoder {
    library: PocketSphinx,
    handle: NonNull<PsDecoder>,
    _arguments: Vec<CString>,
    _one_thread: PhantomData<*const ()>,
}

impl Decoder {
    /// The words of one whole utterance (mono, 16 000 Hz); empty when there are none.
    ///
    /// The result depends on `samples` alone. The cepstral mean is that of the utterance (the model's `-cmn batch`,
    /// which the library honours when it is given the utterance in one piece), and the estimate of the noise, which
    /// would go from one utterance to the next, starts anew with each stream.
    pub(super) fn recognize(&mut self, samples: &[i16]) -> Result<String, String> {
        let functions = &*self.library.0;
        let decoder = self.handle.as_ptr();
        let done = |step: &str, result: c_int| {
            if result < 0 { Err(format!("PocketSphinx failed in {step}")) } else { Ok(()) }
        };
        // SAFETY: `decoder` comes from `ps_init` and is freed only by `drop`; `&mut self` excludes other calls; the
        // samples are read within the call.
        unsafe {
            done("ps_start_stream", (functions.ps_start_stream)(decoder))?;
            done("ps_start_utt", (functions.ps_start_utt)(decoder))?;
            let processed = (functions.ps_process_raw)(decoder, samples.as_ptr(), samples.len(), 0, 1);
            // The utterance is ended also after a failure, for the next could not be started otherwise.
            let ended = (functions.ps_end_utt)(decoder);
            done("ps_process_raw", processed)?;
            done("ps_end_utt", ended)?;
        }
        // SAFETY: as above; the score is not asked for. The string is the decoder's and lives until the next
        // utterance; it is copied here.
        let text = unsafe {
            let text = (functions.ps_get_hyp)(decoder, ptr::null_mut());
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        };
        Ok(text)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the decoder is ours and not used again.
        unsafe { (self.library.0.ps_free)(self.handle.as_ptr()) };
    }
}
