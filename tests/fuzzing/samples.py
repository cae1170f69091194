"""The languages: sound samples of each, and the words that belong to it."""

from __future__ import annotations

from base64 import b64encode
from gzip import compress

from fuzzing.mutation import Grammar
from vsphere_session.settings.config_file import KEYS
from vsphere_session.settings.request import FIELDS

_THUMBPRINT = ":".join(["AB"] * 32)
_BRACKETS = (("[", "]"), ('{"a":', "}"), ('{"url": ', "}"))

NATIVE = Grammar(
    samples=(
        '{"url": "https://vc.example.com/sdk", "username": "me@vsphere.local", "password": "p\\u00e4ss\\"\\\\"}',
        '{"url":"vc.example.com","insecure":true,"timeout":30,"verify":"auto","api":"both"}',
        f'{{"url": "[::1]:8989", "thumbprint": "{_THUMBPRINT}", "ca_file": null}}\n',
        '{"action": "get", "id": "1", "url": "vc.example.com", "output": "files"}',
        '{"action": "store", "id": true, "url": "vc", "username": "a", "password": ""}',
        '{"action": "erase", "url": "vc", "username": "\\ud83d\\ude00"}',
        "null",
        "",
    ),
    words=(*(f'"{name}"' for name in FIELDS["get"]), '"action"', '"id"', ': "x"', ', "passwort": "x"', "1.5e3"),
    brackets=_BRACKETS,
)
GIT = Grammar(
    samples=(
        "protocol=https\nhost=git.example.com:8443\npath=a/b.git\nusername=me\npassword=s=e=c\n\n",
        'capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=h\nwwwauth[]=Basic realm="x"\n',
        "protocol=cert\nhost=\npath=/home/me/key.pem\r\n",
        "protocol=https\nhost=h\nusername=ü\npassword_expiry_utc=1700000000\noauth_refresh_token=x\n",
    ),
    words=("capability[]=\n", "wwwauth[]=x\n", "state[]=\n", "password=", "host=", "credential=x\n", "\n\n", "=\n"),
    brackets=(("[", "]"), ("a[]=", "\n")),
)
DOCKER = Grammar(
    samples=(
        "https://registry.example.com/v1/\n",
        '{"ServerURL": "https://registry.example.com", "Username": "me", "Secret": "s\\nt"}',
        '{"ServerURL":"r:5000","Username":"<token>","Secret":""}',
    ),
    words=('"ServerURL"', '"Username"', '"Secret"', "null"),
    brackets=_BRACKETS,
)
TERRAFORM_CLI = Grammar(
    samples=('{"token": "abc.def"}', '{"token":"\\u00fc","url":true}\n', "app.terraform.io", "host.example.com:8443"),
    words=('"token"',),
    brackets=_BRACKETS,
)
BAZEL = Grammar(
    samples=('{"uri": "https://example.com/a?b=c"}', '{"uri":"https://[::1]/","more":{"a":[1,2,{}]}}'),
    words=('"uri"',),
    brackets=_BRACKETS,
)
KUBERNETES = Grammar(
    samples=(
        '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}',
        '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"cluster":{"server":"https://x"}}}',
    ),
    words=('"kind"', '"apiVersion"', '"ExecCredential"'),
    brackets=_BRACKETS,
)
JSON = Grammar(
    samples=(
        ' {"a": [1, -2.5e+10, true, false, null, "\\u00e4\\n\\/"], "b": {"c": {}}}\n',
        '["\\ud834\\udd1e", 0, [], [[]], ""]',
        '\ufeff{"a":1}{"b":2}',
        '"text"',
        "-0.0",
    ),
    words=('"a"', ":", ",", "-", "e5", "nul"),
    brackets=(("[", "]"), ('{"a":', "}"), ("[[", "]]")),
)
ENDPOINT = Grammar(
    samples=(
        "https://vc.example.com/sdk",
        "https://DOM%5Cuser:p%40ss%2F@vc.example.com:8443/sdk/",
        "user@vc.example.com",
        "http://[fe80::1%25eth0]:8989/sdk?x=1#y",
        "[2001:db8::1]",
        "münchen.example/%C3%BC",
        "m%C3%BCnchen.example:443",
        "10.0.0.1:443",
    ),
    words=("https://", "http://", "%25", "%2F", "::", "xn--", "..", "://", ":@"),
    brackets=(("[", "]"), ("@", "@"), ("%25", "")),
)
_CLIENT = (
    '{"cookies":[{"Name":"vmware_soap_session","Value":"52ab-cd","Quoted":true,"Path":"","MaxAge":0,"Secure":false}],'
    '"url":{"Scheme":"https","Opaque":"","User":null,"Host":"vc.example.com","Path":"/sdk","ForceQuery":false},'
    '"insecure":false,"version":"9.1.0.0","useJSON":false}'
)
CACHE_FILE = Grammar(
    samples=(
        f'{{"SoapClient":{_CLIENT},"ServiceContent":{{"rootFolder":{{"type":"Folder","value":"group-d1"}},'
        '"propertyCollector":{"type":"PropertyCollector","value":"propertyCollector"},'
        '"about":{"name":"VMware \\u003cvCenter\\u003e","apiVersion":"8.0.3.0","apiType":"VirtualCenter"},'
        '"sessionManager":{"type":"SessionManager","value":"SessionManager"}}}\n',
        f'{{"SoapClient":{_CLIENT},"SessionID":"abcdef0123456789"}}\n',
        "abcdef0123456789\n",
        '{"SoapClient":{"cookies":null,"url":{"Scheme":"http","Host":"[::1]:80"},"insecure":true},"SessionID":"x"}}}',
    ),
    words=('"SoapClient"', '"SessionID"', '"ServiceContent"', '"cookies"', '"about"', '"Host"', '"Value"'),
    brackets=_BRACKETS,
)
CONFIGURATION = Grammar(
    samples=(
        'url = "https://vc.example.com"\ntimeout = 30\nverify = "auto" # c\nidle_limit = "25m"\ninsecure = false\n\n'
        f'[endpoint."vc.example.com"]\nusername = "me@vsphere.local"\nthumbprint = "{_THUMBPRINT}"\n',
        "trust_window = 1.5\r\nmax_age = 0x1F\r\napi = 'both'\r\n[endpoint.vc]\r\npassthrough = true\r\n",
        'endpoint."[::1]:8989".output = "files"\nsecret_store = """file"""\n',
        'endpoint = { "vc:444" = { username = "\\u00fc", ca_file = "/etc/ca.pem" } }\n',
    ),
    words=(*(f"\n{name} = " for name in KEYS), '\n[endpoint."b"]\n', "1979-05-27T07:32:00Z", "inf", "nan", "0xff", "0x1F", "password = 1\n"),
    brackets=(("[", "]"), ("{a=", "}"), ("[[", "]]"), ('"""', '"""'), ("a.", "")),
)  # fmt: skip
HTTP = Grammar(
    samples=(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.0 500 Oops\r\nSet-Cookie: vmware_soap_session=\"x\"; Path=/\r\nConnection: close\r\n\r\nto the end",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n",
    ),
    words=("Content-Length: ", "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n", "\r\n\r\n", "HTTP/1.1 100 \r\n\r\n", "1\r\nx\r\n"),
    brackets=(("1\r\n", "\r\n"), ("HTTP/1.1 100 C\r\n\r\n", ""), ("a: b\r\n", "")),
)  # fmt: skip
XML = Grammar(
    samples=(
        '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        '<soapenv:Body><LoginResponse xmlns="urn:vim25"><returnval xmlns:xsi="x" xsi:type="UserSession"><key>52&amp;1</key>'
        "<userName>VSPHERE.LOCAL\\me</userName></returnval></LoginResponse></soapenv:Body></soapenv:Envelope>",
        "<a b='1' c:b=\"&#x41;&lt;\"><![CDATA[<x>]]><!-- c --><d/>text<?p i?></a>",
        '<?xml version="1.0" encoding="utf-16"?><a>\u00fc</a>',
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ),
    words=("<a>", "</a>", "<a/>", "<![CDATA[", "]]>", "<!--", "-->", "&#0;", "&#13;", "&b;", "<!DOCTYPE a>", "<?xml ?>", " x:y='z'"),
    brackets=(("<a>", "</a>"), ("<b:c d='e'>", "</b:c>"), ("<!--", "-->")),
)  # fmt: skip
_ASSERTION = (
    '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0"><saml2:Subject><saml2:NameID>a@b</saml2:NameID>'
    '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml2:Subject><saml2:Conditions NotBefore="2026-11-24T05:30:13.123Z"'
    ' NotOnOrAfter="2026-11-24T05:35:13.123Z"><saml2:AudienceRestriction><saml2:Audience>c</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>'
    '<saml2:Attribute><saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">d</saml2:AttributeValue>'
    "</saml2:Attribute></saml2:Assertion>"
)
_RESPONSE = (
    '<t:RequestSecurityTokenResponse xmlns:t="http://docs.oasis-open.org/ws-sx/ws-trust/200512" xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    f"<t:RequestedSecurityToken>{_ASSERTION}</t:RequestedSecurityToken></t:RequestSecurityTokenResponse>"
)
TOKEN = Grammar(
    samples=(
        _ASSERTION.replace("xs:string", "string"),
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n{_RESPONSE}',
        b64encode(_RESPONSE.encode()).decode(),
        b64encode(compress(_ASSERTION.encode(), mtime=0)).decode(),
        b64encode(b64encode(_ASSERTION.encode())).decode(),
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
    ),
    words=(' xmlns:xs="urn:x"', ' xmlns="urn:y"', ' xmlns:saml2=""', "<saml2:Subject/>", "<!-- -->", "<![CDATA[xs:]]>", "&#x78;s:", ' PrefixList="xs #default"', "=", "H4sI"),
    brackets=(("<a>", "</a>"), ('<xs:b c="xs:d">', "</xs:b>"), ("<saml2:Conditions>", "</saml2:Conditions>"), ("<!--", "-->")),
)  # fmt: skip
STS = Grammar(
    samples=(
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><t:RequestSecurityTokenResponseCollection'
        f' xmlns:t="http://docs.oasis-open.org/ws-sx/ws-trust/200512">{_RESPONSE}</t:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>',
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault><faultcode'
        ' xmlns:n="http://docs.oasis-open.org/ws-sx/ws-trust/200512">n:FailedAuthentication</faultcode><faultstring>Invalid credentials for a, b'
        "</faultstring></S:Fault></S:Body></S:Envelope>",
    ),
    words=(
        "InvalidTimeRange", "MessageExpired", "InvalidSecurity", "hunter2", "<faultcode>", "</faultcode>", ' xmlns:n=""', "<S:Fault/>", "n:",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    ),
    brackets=(("<S:Body>", "</S:Body>"), ("<t:RequestedSecurityToken>", "</t:RequestedSecurityToken>"), ("<!--", "-->")),
)  # fmt: skip
TIME = Grammar(
    samples=(
        "2026-11-24T05:30:13.123Z", "2026-11-24T05:30:13+00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59",
        "20261124T053013,5Z", "2026-W48-2", "2026-11-24",
    ),
    words=("T", "Z", "+24:00", "-00:00:00.000001", "W53", "24:00", "60", "0000"),
)  # fmt: skip
REDIRECT = Grammar(
    samples=(
        "GET /auth?code=c%2F1&state=s%2F1 HTTP/1.1\r\nHost: localhost:8844\r\nUser-Agent: x\r\n\r\n",
        "GET /auth?state=s/1&code=c&iss=https://idp.example.com HTTP/1.0\r\n\r\n",
        "GET /auth?error=access_denied&error_description=no+thanks&state=s/1 HTTP/1.1\r\n\r\n",
        "GET /auth?error=server_error&state=s%2f1&iss=https%3A%2F%2Fidp.example.com HTTP/1.1\r\n\r\n",
        "GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    words=("code=", "&state=s/1", "state=", "&iss=", "error=", "&", "=", "%00", "%ff", "%0d%0a", "+", "?", "#", " HTTP/1.1", "\r\n\r\n"),
    brackets=(("&", "="), ("%", ""), ("x: ", "\r\n")),
)  # fmt: skip
TICKET_REQUEST = Grammar(
    samples=(
        "GET /session HTTP/1.1\r\nHost: manager:8443\r\nAuthorization: Bearer eyJh.e30.c2ln\r\nAccept-Encoding: gzip\r\n\r\n",
        "GET /a?b=c HTTP/1.0\r\nauthorization:bearer   T \r\ncontent-length: 12\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 65536\r\nX-Tab: a\tb\r\n\r\n",
        "DELETE /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    words=("Authorization: ", "Bearer ", "Basic ", "Content-Length: ", "\r\n", "\r\n\r\n", ": ", "/", "?", " HTTP/1.1", "00012", "65537", "\u0663"),
    brackets=(("x: ", "\r\n"), ("GET ", " HTTP/1.1")),
)  # fmt: skip
ID_TOKEN = Grammar(
    samples=(
        "eyJhbGciOiJSUzI1NiJ9.eyJub25jZSI6Im4iLCJpc3MiOiJpIiwiZXhwIjoxfQ.c2ln",
        "e30.e30.",
        "eyJhbGciOiJub25lIn0.eyJhIjp7ImIiOlsxLG51bGxdfX0.-_-_",
    ),
    words=("e30", ".", "W10", "bnVsbA", "=", "==", "-", "_", "eyJhIjoxLCJhIjoyfQ"),
    brackets=(("e30.", ".e30"), (".", ".")),
)
RESP = Grammar(
    samples=(
        "*2\r\n$10\r\n1795774030\r\n$6\r\n063886\r\n",
        "*1\r\n*2\r\n$15\r\n1795774030064-0\r\n*2\r\n$1\r\nd\r\n$5\r\nhello\r\n",
        "*3\r\n:1\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nd\r\n$0\r\n\r\n",
        "*1\r\n*2\r\n$1\r\na\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nd\r\n$1\r\nx\r\n",
        "-NOPERM this user has no permissions to run the 'eval' command\r\n",
        "-MOVED 3999 127.0.0.1:6381\r\n",
        "*-1\r\n",
        "+OK\r\n",
    ),
    words=("*1\r\n", "$-1\r\n", "$1000000000\r\n", "*1000000000\r\n", ":1\r\n", "-ERR ", "+", "_\r\n", ">2\r\n", "%1\r\n", "\r\n", "1_0", "\u0663"),
    brackets=(("*1\r\n", ""), ("*2\r\n", "$-1\r\n"), ("$3\r\n", "\r\n")),
)  # fmt: skip
THUMBPRINT = Grammar(
    samples=(_THUMBPRINT, _THUMBPRINT.replace(":", ""), "SHA256:" + _THUMBPRINT.lower(), " ".join(["0f"] * 20)),
    words=("SHA256:", "sha256:", "SHA-1", "FF", ":"),
)
_SEALED = "dnNwaGVyZS1mbGVldAHKl4ESyhu9yiyIWgrSL1osKUXChl22GRNE60hvTIbn4uqV12A72+QicV3A7RjbhmCjxGU5ihnI"
SEALED = Grammar(
    samples=(_SEALED, _SEALED[:20] + "x" + _SEALED[21:], "dnNwaGVyZS1mbGVldAE="),
    words=("A", "/", "+", "=", "==", "dnNwaGVyZS1mbGVldAE", "dnNwaGVyZS1mbGVldAI"),
    brackets=(("dnNwaGVyZS1mbGVldAE", ""), ("AAAA", "AAAA")),
)
_LEASE = '{"owner":"runner-1","token":"0123456789abcdef0123456789abcdef","fence":7,"until":1800000005.5,"for":"login"}'
_SESSION = f'"digest":"00112233445566778899aabbccddeeff","sealed":"{_SEALED}"'
PLACE = Grammar(
    samples=(
        f'{{"v":1,"n":7,"lease":{_LEASE},"soap":{{{_SESSION},"confirmed":1800000000.25,"made":1799999000,"fence":7}},'
        f'"aside":[{{"kind":"rest",{_SESSION.replace("00", "22")},"fence":6,"since":5.0,"why":"retired","until":1.5e9}}],'
        '"log":[{"at":1.0,"who":"runner-1","what":"soap committed (login)","digest":"001122334455"}]}',
        f'{{"v":1,"n":1800000000000000,"lease":null,"rest":{{{_SESSION},"confirmed":0,"made":0,"fence":0}},"more":[{{}}]}}',
        '{"v":1,"n":0,"lease":null,"aside":[],"log":[{"at":0,"who":"","what":"","digest":""}]}',
        '{"v":2,"n":"later"}',
        "",
    ),
    words=('"v"', '"n"', '"lease"', '"soap"', '"rest"', '"aside"', '"log"', '"new"', '"stale"', '"retired"', "9223372036854775808", "1e11", "{}", "[]"),
    brackets=_BRACKETS,
)  # fmt: skip
_MARK = "0123456789abcdef" * 4
ACCOUNT = Grammar(
    samples=(
        f'{{"v":1,"n":7,"turn":{_LEASE},"marks":[{{"mark":"{_MARK}","at":1799999999.5,"times":2}}]}}',
        f'{{"v":1,"n":0,"turn":null,"marks":[{{"mark":"{_MARK}","at":0,"times":0}},{{"mark":"{_MARK[::-1]}","at":1.8e9,"times":99}}]}}',
        '{"v":1,"n":0}',
        '{"v":99}',
    ),
    words=('"v"', '"n"', '"turn"', '"marks"', '"times"', '"at"', "9223372036854775808", "1800000001", "{}", "[]"),
    brackets=_BRACKETS,
)  # fmt: skip
