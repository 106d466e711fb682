//! scratch
use keysieve::engine::*;
use keysieve::redact::*;
use keysieve::engine::example::expand;
#[test]
fn quick(){
  let engine=Engine::new(RuleSet::embedded());
  let r=Redactor::new(&engine);
  let t=expand("export A=<crc32-base62:ghp_> x\npassword = 'hX7Gk2!pQ9z'\nPassword: ",3);
  let out=r.redact(t.as_bytes());
  println!("{}\n{:?}", String::from_utf8_lossy(&out.text), out.found);
  let mut s=r.stream();
  let mut o=Redacted::default();
  for b in t.as_bytes().chunks(1){ s.feed(b,&mut o); }
  println!("--held {}\n{}", s.held(), String::from_utf8_lossy(&o.text));
  s.finish(&mut o);
  assert_eq!(o.text,out.text);
}
