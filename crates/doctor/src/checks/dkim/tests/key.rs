//! Public keys for fixtures; nobody has kept their private halves. Each is cut into strings as a zone file needs them.

macro_rules! rsa512 {
    () => {
        concat!(
            "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMq0yb3zQNRMegEhnYx6Adxi/YWy6Wr1jvywRHvSksVzINx4MQxOxXJAsr",
            "3gUipAW7uptXXKyEi+S2GBKU7ywzECAwEAAQ==",
        )
    };
}

macro_rules! rsa1024 {
    () => {
        concat!(
            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC3bS3mcOjZBvtV/2bOlYdnGy+VfLfO41PYn1avsZ4jcTsuYKl0MB",
            "xAkqM/SErONJu2TYDT7LrmmVBYUFVSxU8wTdGVu+CF2lJONOZl8XoPdRyFMU4Sf8tFLQB+jbH/Ptv1A1vj3e1bmKpp",
            "7VPt2/LFP+7M8Elhm6eb",
            "\" \"",
            "U2RBjV7T7QIDAQAB",
        )
    };
}

macro_rules! rsa2048 {
    () => {
        concat!(
            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApQbAb9oM014d+VBvuyPdATi0DPgWjXH9tOeZ3Jr2z/3PMs",
            "Y5F9nGOAsTLRSDRgdIrDaNMlezYV/lUM2eArzPim8tQHqrplTInIed2sUuhH/g/9yX89WC7jnD0W8oef68gYbo33yq",
            "t67AyJhtIYalaCSrOVG0",
            "\" \"",
            "LZvQps8FIJTuPCg4rdmQ3oPj3u5gLRic7h52Tbj5QfFAgdd4ASiKbL3gsD5VHjIAgdO/xIqwcdwE8uwEgkqavuxNT/",
            "QZ4aXjtb/HJfuPA+ykoxEgzcQo/WQrG1fuCQQJ351ADH3fmySBVKlC0gEvSCF2S+76e8Ea/Q2fDgtbFEVWEv7XHhCQ",
            "nnITBQIDAQAB",
        )
    };
}

macro_rules! rsa_three {
    () => {
        concat!(
            "MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEAqPvynj4JxIaRN43xPfDrgbwHNhj5vqJGt7aXHXBi4+LrV9",
            "J9W7qgMEWf63+7/bj7dmjXu3cmqW4k9TwRcKvGs6Wn3D6CLYq2UfVN+oWswE4LGD0A2OftBqy/LGfUinxaAcHe/O3n",
            "GFynfAiZwbpedbFIP4qA",
            "\" \"",
            "denLgf3Ad6viDa+ks2+3FOot8DArENnd5AKN6XF5Rou2m2k+2WcdY9hMgfp8O3eA6NsEKcaSt0vIKBcFDfSByVqG+9",
            "HYeuaeB+VtAtHJBqorFspfpOqD5v7Q7712G7NY4bt/spacI3f3NUQp0NM/W7HaNOToMt/FhKy9/TOAjP+mn8r2swRo",
            "hGTkDQIBAw==",
        )
    };
}

macro_rules! rsa5120 {
    () => {
        concat!(
            "MIICojANBgkqhkiG9w0BAQEFAAOCAo8AMIICigKCAoEA3Ie8o6iTVlHggcLFSSRODy5WpXm/W2GegSScqdVAVdNxaV",
            "1gSup4wqI7bW+hv6nMPgbuCQLg83t67goVpNCPdMshUF6mzM2/YGXCP9Wlw7AAw/R5yp+1e8FP6UOO/hBblN3N31cB",
            "WobepIiXg5V62hApUoHF",
            "\" \"",
            "RfpnXt28xvNN9d1GFbBJuqw6+ERB6sgb1GcZbKH9uyDGmjYxtNRhbmf9zgN2bZROWb0EkxuA9L+1l4VD8ZIgXgiWoT",
            "uNb3WVgLYpPeG1mVEhXGaxJONLO0LQ8HctNkP0zLZzGMH2jEqDiietTnZqNHnDw+A6R5A5/iafDxEu65lUznVTb742",
            "/78OZmKQOjTAJ3SJIcjB",
            "\" \"",
            "KHjjGCt3L2hGEu/wxiLj2O6uyHMWuYR6XB5CH1DtA9x/3e+mtsiiNbzOZZ2F8wtltDfuTLQI6UFYN3LVEG/ko4Rjfg",
            "cSce93oeP8fPHFTnb0DHXCNVJQ8uIInNG4DP07rUEQx5TY97w2yyjxGJVfFE5yxlCuzvhs/oCmAB+wgJ2EO3+VQ7NO",
            "+l66hTVp3ZuXvsJ5myba",
            "\" \"",
            "VdJHvuWWgHB5zdAoTymQ8X5WY9Wg3AJrqi1uTd62N09ZPZcdHAUdYTSBTxly8bTFvih1fvR313+yHGUYDdwkjeJgcm",
            "67bhyNVeI4EPs83wvIAx0pj1brdkxOcKVDmhLYLRt2UOwESFJjQEiZnJWhYUiEfTdqbpwq6Jb172vFb17CCAwQytOB",
            "3a5UqZ03wUomXXiTB/Uq",
            "\" \"",
            "uUJ2C8QE4+ktuCnlXxafN/FeMIzsvsBdYrd4N7bZbjHlr/vwcQtl1Ss/ZAWs2FYzNCbY3TFog6nS8LX6jMq0QYZPsd",
            "fhs5GabQIDAQAB",
        )
    };
}

macro_rules! rsa_roca {
    () => {
        concat!(
            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEBAIAfxTYi16Y528C6HcJh3qZ4Hr4XeqJFEX+Q5NiHjB9Vw5",
            "7TDEpgQipxyTRf90yHbstwlQ2bVx6Axywe7BV+suZgPgToBusYOdFXA1HZ7O6nL6eshLewxefrgpFPoFnSlnZIudjx",
            "zdyrRmaHHh8XqctVK2Wm",
            "\" \"",
            "xmYHCP2244rmKk0wr0eRxCPjh04Wu9vLDh9U7U1SMFpPhHInSw2pIXeOJBY2azpCojAPbE4W8MFYMCveq7krq4PKd+",
            "9CqUh/B+TlAeVnc4GoMUeDnojv5NC+eegT46pY0rzBUFsnQtg4lCcbN36z8QibSDdGq6IlgTQebsXNBPcix+U1gB/A",
            "AIAAAQIDAQAB",
        )
    };
}

macro_rules! rsa_even {
    () => {
        concat!(
            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0TMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMz",
            "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMz",
            "MzMzMzMzMzMzMzMzMzMz",
            "\" \"",
            "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMz",
            "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMz",
            "MzMzMwIDAQAA",
        )
    };
}

pub(crate) use {rsa_even, rsa_roca, rsa_three, rsa512, rsa1024, rsa2048, rsa5120};
