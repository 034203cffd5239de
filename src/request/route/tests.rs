use super::*;

fn find(method: &str, url: &'static str, headers: &'static str) -> Route<'static> {
    Route::find(method, &Url::parse(url), HeaderBlock::new(headers.as_bytes()))
}

fn post(url: &'static str) -> (Provider, Family, Option<&'static str>) {
    let route = find("POST", url, "");
    (route.provider, route.family, route.model)
}

#[test]
fn claude_is_known_behind_any_prefix() {
    for prefix in ["https://api.anthropic.com", "http://127.0.0.1:8080/anthropic", "https://g.example/a/b/c/d/e/f", ""]
    {
        for (path, family) in [
            ("/v1/messages", Family::Messages),
            ("/v1/messages/", Family::Messages),
            ("/v1/messages?beta=true", Family::Messages),
            ("/v1/messages/count_tokens", Family::CountTokens),
            ("/v1/messages/batches", Family::Batches),
            ("/v1/messages/batches/msgbatch_1/results", Family::Batches),
            ("/v1/messages/batches/msgbatch_1", Family::Batches),
        ] {
            let url = alloc::format!("{prefix}{path}");
            let route = Route::find("POST", &Url::parse(&url), HeaderBlock::default());
            assert_eq!((route.provider, route.family), (Provider::Anthropic, family), "{url}");
        }
    }
}

#[test]
fn the_host_alone_says_nothing() {
    assert_eq!(post("https://api.anthropic.com/v2/other").0, Provider::Generic);
    assert_eq!(post("https://api.openai.com/").0, Provider::Generic);
}

#[test]
fn an_anthropic_header_says_whose_an_ambiguous_path_is() {
    let header = "anthropic-version: 2023-06-01";
    for (url, family) in [
        ("https://h/messages", Family::Messages),
        ("https://h/v1/models", Family::Models),
        ("https://h/v1/files", Family::Files),
        ("https://h/anything", Family::Other),
    ] {
        let route = find("POST", url, header);
        assert_eq!((route.provider, route.family, route.needs_model), (Provider::Anthropic, family, false), "{url}");
    }
    assert_eq!(post("https://h/threads/t/messages").0, Provider::Generic);
}

#[test]
fn openai_shapes_are_known_behind_any_prefix() {
    for (url, family) in [
        ("https://api.openai.com/v1/chat/completions", Family::Messages),
        ("https://g.example/v1/proxy/openai/v1/chat/completions", Family::Messages),
        ("https://h/v1beta/openai/chat/completions", Family::Messages),
        ("https://h/v1/completions", Family::Messages),
        ("https://h/v1/responses", Family::Messages),
        ("https://h/v1/embeddings", Family::Embeddings),
        ("https://h/v1/images/generations", Family::Images),
        ("https://h/v1/audio/transcriptions", Family::Audio),
        ("https://h/v1/batches/b_1/cancel", Family::Batches),
        ("https://h/v1/models/m", Family::Models),
    ] {
        assert_eq!(post(url), (Provider::OpenAi, family, None), "{url}");
    }
    assert_eq!(post("https://h/v1/models/ft:gpt-5:org::id"), (Provider::OpenAi, Family::Models, None));
    assert_eq!(post("https://h/v1/files"), (Provider::Generic, Family::Files, None));
}

#[test]
fn an_ambiguous_path_needs_a_model_in_the_body() {
    assert!(find("POST", "https://h/forms/1/responses", "").needs_model);
    assert!(find("POST", "https://h/v1/messages", "").needs_model);
    assert!(!find("POST", "https://h/v1/responses", "openai-project: p").needs_model);
    assert!(!find("POST", "https://h/v1/chat/completions", "").needs_model);
}

#[test]
fn azure_names_the_deployment_in_the_path() {
    assert_eq!(
        post("https://r.example/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"),
        (Provider::AzureOpenAi, Family::Messages, Some("my-gpt"))
    );
    assert_eq!(
        post("https://r.example/openai/deployments/e/embeddings"),
        (Provider::AzureOpenAi, Family::Embeddings, Some("e"))
    );
    assert_eq!(
        post("https://r.example/openai/v1/responses?api-version=preview"),
        (Provider::AzureOpenAi, Family::Messages, None)
    );
    assert_eq!(post("https://r.example/openai/deployments"), (Provider::Generic, Family::Other, None));
}

#[test]
fn gemini_and_vertex_name_the_model_before_the_verb() {
    assert_eq!(
        post("https://h/v1beta/models/gemini-3-pro:generateContent"),
        (Provider::Gemini, Family::Messages, Some("gemini-3-pro"))
    );
    assert_eq!(
        post("https://h/v1beta/models/gemini-3-pro%3AcountTokens"),
        (Provider::Gemini, Family::CountTokens, Some("gemini-3-pro"))
    );
    let route = find("POST", "https://h/v1/models/g:streamGenerateContent?alt=sse", "");
    assert_eq!((route.provider, route.stream), (Provider::Gemini, true));

    let claude = "https://h/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5@20250929";
    for (verb, stream) in [("rawPredict", false), ("streamRawPredict", true)] {
        let url = alloc::format!("{claude}:{verb}");
        let route = Route::find("POST", &Url::parse(&url), HeaderBlock::default());
        assert_eq!((route.provider, route.family), (Provider::Vertex, Family::Messages));
        assert_eq!((route.model, route.stream), (Some("claude-sonnet-4-5@20250929"), stream));
    }
    assert_eq!(
        post("https://h/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict"),
        (Provider::Vertex, Family::CountTokens, None)
    );
    let route = find("POST", "https://h/v1beta/interactions", "");
    assert_eq!((route.provider, route.family, route.needs_model), (Provider::Gemini, Family::Messages, true));
    assert_eq!(post("https://h/users/1/interactions").0, Provider::Generic);
    assert_eq!(post("https://h/v1beta/models/gemini-3-pro").0, Provider::Gemini);
    assert_eq!(post("https://h/v1beta/models"), (Provider::Gemini, Family::Models, None));
}

#[test]
fn bedrock_names_the_model_in_the_path_as_it_is_written() {
    for (operation, stream) in
        [("invoke", false), ("invoke-with-response-stream", true), ("converse", false), ("converse-stream", true)]
    {
        let url = alloc::format!("https://h/model/anthropic.claude-v1%3A0/{operation}");
        let route = Route::find("POST", &Url::parse(&url), HeaderBlock::default());
        assert_eq!((route.provider, route.family), (Provider::Bedrock, Family::Messages));
        assert_eq!((route.model, route.stream), (Some("anthropic.claude-v1%3A0"), stream));
    }
    assert_eq!(post("https://h/model/m/paint").0, Provider::Generic);
}

#[test]
fn only_a_post_makes_a_model_work() {
    assert_eq!(find("GET", "https://h/v1/chat/completions", "").family, Family::Other);
    assert_eq!(find("post", "https://h/v1/chat/completions", "").family, Family::Messages);
    assert_eq!(find("GET", "https://h/v1/messages/batches", "").family, Family::Batches);
}
