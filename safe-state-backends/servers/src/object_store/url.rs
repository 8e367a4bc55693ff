//! Object stores by URL.

use std::sync::Arc;
use std::time::Duration;

use ::object_store::{ClientConfigKey, ObjectStore, RetryConfig};
use ::url::Url;

/// Creates the store that a URL names. Returns it, and the path in it.
pub(super) fn store(url: &str) -> Result<(Arc<dyn ObjectStore>, String), String> {
    // The parser's error contains nothing of the URL.
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    let bucket = url.host_str().ok_or("it names no bucket")?;
    crate::network::provider::provide();
    let store = match url.scheme() {
        #[cfg(feature = "s3")]
        "s3" => s3(&url, bucket)?,
        #[cfg(feature = "gcs")]
        "gs" => gcs(&url, bucket)?,
        #[cfg(feature = "azure")]
        "az" => azure(&url, bucket)?,
        scheme => return Err(format!("`{scheme}` is no store")),
    };
    Ok((store, url.path().trim_matches('/').to_owned()))
}

/// Returns the retries of the driver: a busy server is asked again at once. The backend handles what takes longer.
fn briefly() -> RetryConfig {
    RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(5), ..RetryConfig::default() }
}

/// Defines how to create a store, as the builders of the stores have no trait in common.
macro_rules! store {
    ($name:ident, $feature:literal, $builder:path, $bucket:ident, $key:path) => {
        #[cfg(feature = $feature)]
        fn $name(url: &Url, bucket: &str) -> Result<Arc<dyn ObjectStore>, String> {
            let mut builder = <$builder>::from_env().$bucket(bucket).with_retry(briefly());
            for (option, value) in url.query_pairs() {
                let unknown = |_| format!("there is no option `{option}`");
                builder = builder.with_config(option.parse().map_err(unknown)?, value.clone());
                // A user who names an endpoint without TLS means it.
                if option == "endpoint" && value.starts_with("http:") {
                    builder = builder.with_config($key(ClientConfigKey::AllowHttp), "true");
                }
            }
            let store = builder.build().map_err(|error| error.to_string())?;
            Ok(Arc::new(store))
        }
    };
}

store!(
    s3,
    "s3",
    ::object_store::aws::AmazonS3Builder,
    with_bucket_name,
    ::object_store::aws::AmazonS3ConfigKey::Client
);
store!(
    gcs,
    "gcs",
    ::object_store::gcp::GoogleCloudStorageBuilder,
    with_bucket_name,
    ::object_store::gcp::GoogleConfigKey::Client
);
store!(
    azure,
    "azure",
    ::object_store::azure::MicrosoftAzureBuilder,
    with_container_name,
    ::object_store::azure::AzureConfigKey::Client
);
