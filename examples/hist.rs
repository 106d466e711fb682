use keysieve::engine::*; use keysieve::source::git::*; use keysieve::model::Edit;
use gix::objs::Kind; use std::sync::atomic::*;
struct V<'e>{e:&'e Engine,n:AtomicU64,b:AtomicU64,hit:AtomicU64,scan:bool}
impl Visit for V<'_>{type Memory=Scratch;type State=Scanned;
 fn memory(&self)->Scratch{self.e.scratch()}
 fn object(&self,o:Object<'_>,from:Option<(&Scanned,&[Edit])>,_w:bool,m:&mut Scratch)->Scanned{
  self.n.fetch_add(1,Ordering::Relaxed);self.b.fetch_add(o.bytes.len() as u64,Ordering::Relaxed);
  if !self.scan||o.kind==Kind::Tree{return Scanned::default()}
  let s=match from{Some((b,e))=>self.e.rescan(b,o.bytes,e,m),None=>self.e.scan_base(o.bytes,m)};
  if self.e.any_kept(&s,o.bytes,m){self.hit.fetch_add(1,Ordering::Relaxed);}
  s}
 fn lost(&self,l:Lost){eprintln!("{l:?}")} fn goes_on(&self)->bool{true}}
fn main(){let a:Vec<String>=std::env::args().collect();let t=std::time::Instant::now();
 let (s,u)=Store::open(vec![a[1].clone().into()],gix::hash::Kind::Sha1);eprintln!("open {:?} {:?} {}",t.elapsed(),u,s.len());
 let e=Engine::new(RuleSet::embedded());let pool=rayon::ThreadPoolBuilder::new().num_threads(a[2].parse().unwrap()).build().unwrap();
 let kinds=[Kind::Blob,Kind::Commit,Kind::Tag,Kind::Tree];
 let kinds=if a[3]=="blob"{&kinds[..1]}else{&kinds[..]};
 let v=V{e:&e,n:0.into(),b:0.into(),hit:0.into(),scan:a[4]=="scan"};
 let m=Walk{store:&s,kinds,only:None,limit:256<<20}.run(&pool,&v);
 let mut c=Counters::default();m.iter().for_each(|m|c.add(&m.counters));
 println!("{:?} n {} bytes {} hit blobs {} grams {} hits {} conf {}",t.elapsed(),v.n.load(Ordering::Relaxed),v.b.load(Ordering::Relaxed),v.hit.load(Ordering::Relaxed),c.grams,c.hits,c.confirmations);}
