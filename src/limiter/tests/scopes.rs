//! Many scopes.

use alloc::format;

use super::*;

#[test]
fn a_snapshot_lists_the_scopes_that_were_used_last_and_counts_the_others() {
    let mut world = World::new(record([("known", record([("rpm", 1.0.into())]))]));
    for number in 0..1_100 {
        world.limiter.scope_of_model(&format!("model-{number}"));
    }
    world.limiter.scope_of_model("model-0");
    let snapshot = format!("{:?}", world.limiter.snapshot(world.now));
    let lists = |name: &str| snapshot.contains(&format!(r#"("name", Text("{name}"))"#));
    assert!(lists("default") && lists("known") && lists("model-0") && lists("model-1099") && lists("model-77"));
    assert!(!lists("model-76") && !lists("model-1"));
    assert!(snapshot.contains(r#"("otherScopes", Number(76.0))"#));
    assert_eq!(snapshot.matches(r#"("name", "#).count(), 1_026);
}

#[test]
fn a_model_that_a_path_names_with_escapes_is_under_the_limits_of_its_own_name() {
    let mut world = World::new(record([("amazon.nova-pro-v1:0", record([("rpm", 1.0.into())]))]));
    let url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse";
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Tide?"}]}],"inferenceConfig":{"maxTokens":9}}"#;
    let first = world.send_as("POST", url, body).unwrap();
    world.send_as("POST", url, body).unwrap();
    assert_eq!(world.starts(), [first]);
    let other = world.send_as("POST", &url.replace("nova-pro", "nova-lite"), body).unwrap();
    assert_eq!(world.starts(), [other]);
}
