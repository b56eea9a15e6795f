// Keys made for the tests alone, by what made them.
#pragma once

namespace wasmctl::sign {

// Go's securesystemslib, with the parameters of 2015; the password is "secret".
constexpr char kOldCosignKey[] = R"(-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjozMjc2OCwiciI6
OCwicCI6MX0sInNhbHQiOiJ3c2Z4Q1Fya3ZlbFlITnA5SWpob1ladVRTUFVNbUhP
dnJ5cS9SMzljbjRRPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJoT09FaFY4c3d2eXZYQ0srY2lzaFNzalMweUZRRE44ViJ9LCJj
aXBoZXJ0ZXh0IjoiRXZXaTdpZXhQNDFacEVmUWtjQVlmSWRYclpJWE80VlpoQVlO
WXE3MjJUYXE5M1BwamV1MUxRTjB6NmxXYjc0M1BEWlVadEFxVWNYclpkSHcyVmFo
akk4WjF3em4rMlJYQkpsUUI4MEw4a3JoSk9iSVVkQmN0bGcwOGJHbkZZQ0trY0pV
OEcyb2hqa2xLaVQ0dTZpZERBdE1oQWpWY00vTWhkTkF0eVpBeGdMSnZabnFDemx0
VUl4ZGJKT21ZVkZUVFc5VzlmRVIveU9EcEE9PSJ9
-----END ENCRYPTED COSIGN PRIVATE KEY-----
)";
constexpr char kOldCosignPublic[] = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEScWIEJrEjk35NRdQhhSAUWf63QdB
84PHYAZBuNoqx6vdf2YOTqS45NXFe3LXcZ6DhaCHgiek/9K+LJl2jwNd/w==
-----END PUBLIC KEY-----
)";

// openssl genpkey -algorithm ed25519
constexpr char kEd25519Key[] = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJWc7hnXKWdBcZ6ncS8Jg6bUbhKq8U30zMUQlYqYAbY0
-----END PRIVATE KEY-----
)";
constexpr char kEd25519Public[] = R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAmkd/U/rYP1+1Ls9THLkvV3a1LYTlicOKkk59POtk6xw=
-----END PUBLIC KEY-----
)";

// openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:secret
constexpr char kEncryptedPkcs8[] = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAji5k22hLNs2gICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEELcHUrWUG5uaq8tdZkXCEegEgZBJ
hT9K8Y2endWOMuqz6mXt9zVbel0cmTF9uvL1nTHnI/wJGpyXJev7DLfSQEbOwxyf
813suF4Wk35KGl6oMPPsJFm0WRsGu4LKhA5vLMK1wBzjzouuLo2F+xmwherByl6R
3TTRWOS5KSX15iXxkC04RVbiCKLIby/cEF2cFh5CPQZMl4tl7mQ4xh54K+p/9tU=
-----END ENCRYPTED PRIVATE KEY-----
)";
constexpr char kEncryptedPkcs8Public[] = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmXoHxWW/97x5r4VhT0FVK5N5Gwp4
XtVDvNHm9HW+1cW+GFigPtn0YlbEw6E9sUDYjGCJQFMz2K9CyaimE6uN2g==
-----END PUBLIC KEY-----
)";

// openssl ecparam -name secp384r1 -genkey -noout
constexpr char kP384Key[] = R"(-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDC9hutvZvwDPuYGrKCPAKSlsXcUSjeF8s0HaCs/OFzPmuznX2o6fOZL
+w2Zua4e1XqgBwYFK4EEACKhZANiAAQoJztkWssIOJZzViprt/FdYa9CsrTPM2/q
AymFTk8v/z77W4n1c0FztPr6TkZPYgJb/xYAFqHJ0lKKBbEorIEW6PLOX5r9Xrbp
d3g9AK5hQgaZvaTMnJMdhMIOdllXkW8=
-----END EC PRIVATE KEY-----
)";
constexpr char kP384Public[] = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEKCc7ZFrLCDiWc1Yqa7fxXWGvQrK0zzNv
6gMphU5PL/8++1uJ9XNBc7T6+k5GT2ICW/8WABahydJSigWxKKyBFujyzl+a/V62
6Xd4PQCuYUIGmb2kzJyTHYTCDnZZV5Fv
-----END PUBLIC KEY-----
)";

// openssl ecparam -name secp521r1 -genkey, with its block of parameters
constexpr char kP521Key[] = R"(-----BEGIN EC PARAMETERS-----
BgUrgQQAIw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MIHcAgEBBEIAPx39NPoLtuM1i67gI5M6+wTSDmlxmrFEvYVVhj6PF6IfqM9n8AQc
Jc3RCqjHVnWKGMouS4F9FxJZ8D2nKbK6kUegBwYFK4EEACOhgYkDgYYABAC4uryD
X8wSQBcNKTx1y9cVUViu3/by4CRLl6B5NORWkGN39ZZwErLJBrDQqVemDioQESHy
mqzuojEa4PYz0cZQRgH1n8FktG1sawBm2iX4FcvcogoSc2P8vk0+HeQrgPG+v69U
UHcj1SQN86gcP6/KFBb1n2QaEwkbpmuCblzKrSc88w==
-----END EC PRIVATE KEY-----
)";
constexpr char kP521Public[] = R"(-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAuLq8g1/MEkAXDSk8dcvXFVFYrt/2
8uAkS5egeTTkVpBjd/WWcBKyyQaw0KlXpg4qEBEh8pqs7qIxGuD2M9HGUEYB9Z/B
ZLRtbGsAZtol+BXL3KIKEnNj/L5NPh3kK4Dxvr+vVFB3I9UkDfOoHD+vyhQW9Z9k
GhMJG6Zrgm5cyq0nPPM=
-----END PUBLIC KEY-----
)";

// openssl genrsa -traditional 3072
constexpr char kRsaKey[] = R"(-----BEGIN RSA PRIVATE KEY-----
MIIG4wIBAAKCAYEAwlsyGq1OfX3bttfVSSdWmHOH/HSviZi8AskD2zQlNJo2u+gk
sUXPEsI65e5B0jPWgiE5saODuv2VBuI29ZEojgTngp1NgqoeR3MloyrJ+YggQSYe
StDHTgy7p3gpSEPdpneQFXixz9jjCYAG6lySc8dE7FxS6gK6CDZixVpMdqGFfuFA
Qwfapbup3Hyd+2MBzTkTJrtvl2bfFsdaUgtNBu5niAEEeMU7/rs3/PrDgSLidWyZ
hVZ2DgWIqw7vqIb9SjEkwHr9ZFPNX5sAPbpR/tfKPjesVeNu7T8vfguItCmduNwr
hjRi2eAR46oK9ZRBinPWi0k9Yp2ltX/h11TNj1srjGmQFQe3Sylx8hfCg8Gdew7e
C01aOi1+emBmPV8TkaseluIZXCoKKf78qlpK2LdIglyBw75gcosV15dKwPmTdO01
C41vcyqVtUXPmk26VweG74FBNuRA4Xi9ygYMFi9R0Kg0GH0i8PoImB1yBtMz58HK
ndhz0qYFK9LuKvflAgMBAAECggGAIVl/q/cwADWP9XxskzxmTguI+odVNaGZJUsz
17HHbpLFsJGhdi+53AirDZhIABc4CCVGXpZlvLjVkRRRBOsvD8uEpDN0wOaLAoye
GTT26lPy4Or3CLRxdpGVw6NJRiarCmz6ssx+imE3eAJZbW6MDMTVLU+cRJ5KKK2Y
Xi/j7flCTGa/XaEj4gtlFrnla+Ttwra39A32lH6o6iIz+98HjRhseHhgOY7yf//F
GCo5UNfZDvgfEbOn1zkY3e1Wr07WK1bLxi8fwyNFVrLVsQK5WYiEr+aWCMh6KAlk
1ndC+sDuNdugcKRjx1Hxh86Nz19UAVyroSpP2PaZA3h7WRVLWmOtLCifXi+NJVUt
40tBqMPYIppzGwdCY1MIhx4BYRE6hUSZi4DUm9blaqL89Fu4ZAuPZIhLuOOozr7V
KqJf7w38c6V9lpGOwHQ2I/sDysg6D/6QciynpP0qg7IRaItUidOps16kHX3Kyesf
7ca+Ivb+D8E6qrGk1YVGOsIKCLHxAoHBAP/baJPmlY/6VsAe+RA3Jhp3fo5gMqq+
59ZlhGoCsGn4WyAZJVA+LJom7zZTGvyzzGrYCV8W6QN+aK+NRBVhyse8wgzAVRr+
smzvbO2TnErw6I9TULTDsaBchLNiDjGhqy6lO1LbGUGwZRC62yMtT1Uic2gtVrUa
UfOZ6i3KzjXLIBXMt20nZrMXoBcBxWbwUzJeOnJEbUPiQ7BtXS6yhme2NCYjH4UY
x5LZYUv9kv0H2A9upTFpQ2WUpyZq70mQ+QKBwQDCdv3crZWjLVK/H5g58Z4ND0KD
upx0tk11z9kiZZP2GhBTZs8o4yjhm+i2a7gHmjVjtIBVkpzHmggPSAWhm9uY/BZX
1sU+Aykz/xmBpnfVL4YYWXRU4QUXfYvsSuyhD+17ALl0wghFpfNUJiusVcVldwAx
lQAHG8KW2mhsQ9Qkya7IylgIbtwNNoQEqF5vPEiq7KY+rZLz7x325tChC8/G5R9I
GbYQs8PaSbl0VZkLKEWqpvqVDQEpsX/k6jnBhU0CgcBxVlkaAy/HiqZ5Dn9X3oYj
fUFzgkuPdWevgmLIrw5Esv5y1pC/3frWAl8+2kt/G4p23eIw3C42HP30nghFzH8O
QaBYE67feWnCdcDz8MpwLA1oyAhdOr7pgXJLICmXdL0muYzw5BtpDOGIKq2+BGk7
Fjq3MDZTnSgmV8zzof38uFErNvceBDErLlD9QAyYz+aazkDns0YPpyBC+/8mG3EM
ahrpte9VfyeQ9nhyOA6vxZTBKUtF+xIe4l201/PNy8kCgcATs9qksTGoBr+Lfbf+
puxMhm9GyXFwocfXV+e4BHKpTJq62H/EtL8/nHxHf0J2ArnGEFOwV9pqnsCSS8nG
RfRJ28CnxarWTZuvGPmMmUEq6FW9wdJ3hxTs/Ftg5XZ0GxkEjV485ivQYq/0pqlm
HIqTbSsn2uDV14ovnpFV5slnsMd0sIuazyCcdhmKH0TyIDl8l92AHDX3YRK4IUqi
BoBWtoAk3fYEWzJMu4t+re2Do+DrGV/qGhc0EjfTCagwY0ECgcEAmKZMY0wJmwRX
40ICbzvAdl5OdHqdDyqmVdFe0X+gaC4Dnt90sQO93fchW33V8BNNA0v0HITv1sU7
LH+NZjIm4jPKptSLEDD5h0bdwx80nfERfu7IRBREpo5ysM1kql9SlkaYWUk6rbvO
wuLEqVhebehwoTLZH/U/mze7qX2MRCwxLuPGojrZRgRtM+DMU+1EtIRMroUSbJrj
HDOWPgQAfdqoHAZmRmXEY3A6soLlFHPpgRKVaCWRbR2ASxkuF7vW
-----END RSA PRIVATE KEY-----
)";
constexpr char kRsaPublic[] = R"(-----BEGIN PUBLIC KEY-----
MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAwlsyGq1OfX3bttfVSSdW
mHOH/HSviZi8AskD2zQlNJo2u+gksUXPEsI65e5B0jPWgiE5saODuv2VBuI29ZEo
jgTngp1NgqoeR3MloyrJ+YggQSYeStDHTgy7p3gpSEPdpneQFXixz9jjCYAG6lyS
c8dE7FxS6gK6CDZixVpMdqGFfuFAQwfapbup3Hyd+2MBzTkTJrtvl2bfFsdaUgtN
Bu5niAEEeMU7/rs3/PrDgSLidWyZhVZ2DgWIqw7vqIb9SjEkwHr9ZFPNX5sAPbpR
/tfKPjesVeNu7T8vfguItCmduNwrhjRi2eAR46oK9ZRBinPWi0k9Yp2ltX/h11TN
j1srjGmQFQe3Sylx8hfCg8Gdew7eC01aOi1+emBmPV8TkaseluIZXCoKKf78qlpK
2LdIglyBw75gcosV15dKwPmTdO01C41vcyqVtUXPmk26VweG74FBNuRA4Xi9ygYM
Fi9R0Kg0GH0i8PoImB1yBtMz58HKndhz0qYFK9LuKvflAgMBAAE=
-----END PUBLIC KEY-----
)";

// Those that nobody takes: openssl genrsa 1024; openssl ecparam -name secp256k1 -genkey
constexpr char kWeakRsaPublic[] = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCr8+mqcKKN7kSl9r99F52p1UNN
/o8bkt57xeHOZAJY5b+EN9dDVBr7FtIoV6d6ducL7eeu/BHEot0XfRY6bhcr5960
Vh5F/8GbToUjs0iZj6nXwvjtHPY5PDAeo/eBtLuTt1cgkV6YqGFxYStJXvwVdEcV
5p1nb7EaB6fLdyK3kQIDAQAB
-----END PUBLIC KEY-----
)";
constexpr char kOtherCurvePublic[] = R"(-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEleRM6Fe8SXqKSirdulyU0yBTbxH2tAFw
BNMTXnJgbqJ7OXi15jYJX75QP2cNJ8YK01hhEnNRCKyI+dVWIbkMVw==
-----END PUBLIC KEY-----
)";

}  // namespace wasmctl::sign
