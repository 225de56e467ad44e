#![allow(missing_docs, clippy::all, clippy::pedantic)]
#[path = "../tests/support/mod.rs"]
mod support;
use media::vad::{EarshotVad, Vad, WebrtcVad, WebrtcMode};
use support::signals as s;
fn stats(name:&str, x:&[i16], v:&mut dyn Vad){
    let sc:Vec<f32>=x.chunks_exact(v.frame_samples()).map(|f|v.score(f)).collect();
    let q=|t:f32| sc.iter().filter(|s|**s>=t).count() as f32/sc.len() as f32*100.0;
    // longest run >=.5
    let (mut run,mut best)=(0,0); for y in &sc { if *y>=0.5 {run+=1; best=best.max(run)} else {run=0} }
    println!("{name:28} >=.2 {:5.1}% >=.35 {:5.1}% >=.5 {:5.1}% >=.7 {:5.1}% >=.9 {:5.1}%  longest {:5} ms", q(0.2),q(0.35),q(0.5),q(0.7),q(0.9), best*v.frame_samples()/16);
}
fn main(){
    let n=120;
    let mut sigs:Vec<(String,Vec<i16>)>=vec![("silence".into(),s::silence(n)),("hum-20".into(),s::hum(n,-20.)),("hum-35".into(),s::hum(n,-35.)),("clicks".into(),s::clicks(n,1)),
      ("music-20".into(),s::music(n,-20.,2)),("music-12".into(),s::music(n,-12.,2)),("music-35".into(),s::music(n,-35.,3)),("applause-20".into(),s::applause(n,-20.,4)),("applause-30".into(),s::applause(n,-30.,5)),("applause-12".into(),s::applause(n,-12.,5))];
    for d in [-70.,-50.,-40.,-30.,-20.,-10.] { sigs.push((format!("white{d}"),s::white_noise(n,d,7))); sigs.push((format!("pink{d}"),s::pink_noise(n,d,8))); }
    let t=support::flite::talk(support::flite::TALK,1000,1500);
    let mut sp=Vec::new(); for r in &t.sentences { sp.extend_from_slice(&t.samples[r.clone()]); }
    sigs.push(("speech".into(),sp.clone()));
    for g in [-10.,-20.,-30.] { let mut q=sp.clone(); media::loudness::apply_gain_db(&mut q,g); sigs.push((format!("speech{g}"),q)); }
    for snr in [20.,15.,10.,5.] { sigs.push((format!("speech white snr{snr}"),s::with_noise(&sp,&s::raw_noise(sp.len(),3),snr))); }
    for (name,x) in &sigs { 
        stats(&format!("E {name} {:.0}",media::loudness::rms_dbfs(x)),x,&mut EarshotVad::new());
        stats(&format!("W3 {name}"),x,&mut WebrtcVad::new(WebrtcMode::VeryAggressive));
    }
}
