#!/usr/bin/env python3
"""Reads a backup set by docs/backup-format.md alone; shares nothing with requorum's own code.

read_set.py STORE SET OUT SIGNER (--identity FILE | --passphrase-file FILE)
Needs: Python 3.9, its package cryptography (python3-cryptography), the program zstd.
"""
import base64, hashlib, hmac, json, os, subprocess, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def unbase64(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_" if set("-_") & set(text) else None, validate=True)


def hkdf(key, salt, info):
    pseudorandom = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(pseudorandom, info + b"\x01", "sha256")


# --- age-encryption.org/v1, as far as a data key needs it: one payload chunk


def unbech32(text):
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    number = 0
    for letter in text.lower().rsplit("1", 1)[1][:-6]:  # the last six are a checksum
        number = number * 32 + letters.index(letter)
    return (number >> 4).to_bytes(32, "big")  # 52 letters are 260 bits, 4 of them padding


def file_key(stanzas, identities, passphrase):
    for arguments, body in stanzas:
        if arguments[0] == "scrypt" and passphrase is not None:
            salt = b"age-encryption.org/v1/scrypt" + unbase64(arguments[1])
            key = hashlib.scrypt(passphrase, salt=salt, n=1 << int(arguments[2]), r=8, p=1, maxmem=1 << 30, dklen=32)
            return ChaCha20Poly1305(key).decrypt(bytes(12), body, None)
        for identity in identities if arguments[0] == "X25519" else []:
            private, share = X25519PrivateKey.from_private_bytes(identity), unbase64(arguments[1])
            own = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            shared = private.exchange(X25519PublicKey.from_public_bytes(share))
            try:
                return ChaCha20Poly1305(hkdf(shared, share + own, b"age-encryption.org/v1/X25519")).decrypt(bytes(12), body, None)
            except Exception:
                continue  # of another recipient
    return None


def unwrap(armored, identities, passphrase):
    data = base64.b64decode("".join(armored.strip().splitlines()[1:-1]))
    end = data.index(b"\n---") + 5
    lines, stanzas = data[: end - 4].decode().split("\n")[1:], []
    for line in lines:
        if line.startswith("-> "):
            stanzas.append([line.split(" ")[1:], ""])
        elif line:
            stanzas[-1][1] += line
    key = file_key([(arguments, unbase64(body)) for arguments, body in stanzas], identities, passphrase)
    if key is None:
        return None
    mac_end = data.index(b"\n", end)
    mac = hmac.digest(hkdf(key, b"", b"header"), data[: end - 1], "sha256")
    assert mac == unbase64(data[end:mac_end].decode()), "age header"
    nonce, payload = data[mac_end + 1 : mac_end + 17], data[mac_end + 17 :]
    return ChaCha20Poly1305(hkdf(key, nonce, b"payload")).decrypt(bytes(11) + b"\x01", payload, None)


# --- requorum.backup/v1


def open_block(key, block, associated):
    plain = AESGCM(key).decrypt(block[:12], block[12:], associated)
    if plain[0] == 0:
        return plain[1:]
    assert plain[0] == 1, "packing"
    return subprocess.run(["zstd", "-dcq"], input=plain[1:], stdout=subprocess.PIPE, check=True).stdout


def main(store, name, out, signer, kind, file):
    read = lambda *path: open(os.path.join(store, *path), "rb").read()
    document = json.loads(read("sets", name + ".json"))
    assert document["apiVersion"] == "requorum.backup/v1" and document["kind"] == "SignedDocument"
    signature = next(one for one in document["signatures"] if one["publicKey"] == signer)
    Ed25519PublicKey.from_public_bytes(unbase64(signer)).verify(unbase64(signature["signature"]), document["payload"].encode())
    manifest = json.loads(document["payload"])
    assert manifest["kind"] == "BackupManifest" and manifest["id"] == name
    text = open(file).read()
    identities = [unbech32(line) for line in text.split() if line.startswith("AGE-SECRET-KEY-1")] if kind == "--identity" else []
    passphrase = None if kind == "--identity" else text.split("\n")[0].encode()
    wrapped = [unwrap(one["age"], identities, passphrase) for one in manifest["key"]["wrapped"]]
    data_key = unbase64(next(one for one in wrapped if one is not None).decode().strip())
    derived = lambda what: hkdf(data_key, b"", b"requorum.backup/v1 " + what)
    assert hashlib.sha256(derived(b"key id")).hexdigest()[:16] == manifest["key"]["keyId"], "another key"
    sealed = read("indexes", manifest["index"]["sha256"])
    assert hashlib.sha256(sealed).hexdigest() == manifest["index"]["sha256"]
    index = json.loads(open_block(derived(b"index seal"), sealed, name.encode()))
    packs = [read("packs", pack["sha256"][:2], pack["sha256"]) for pack in manifest["packs"]]
    for pack, bytes_ in zip(manifest["packs"], packs):
        assert hashlib.sha256(bytes_).hexdigest() == pack["sha256"] and len(bytes_) == pack["sizeBytes"], "pack"
    seal_key, name_key = derived(b"chunk seal"), derived(b"chunk name")
    for part in index["parts"]:
        content = b""
        for position in part["chunks"]:
            chunk, pack, offset, length = index["chunks"][position]
            plain = open_block(seal_key, packs[pack][offset : offset + length], bytes.fromhex(chunk))
            assert hmac.digest(name_key, plain, "sha256").hex() == chunk, "chunk name"
            content += plain
        assert len(content) == part["sizeBytes"] and hashlib.sha256(content).hexdigest() == part["sha256"], part["path"]
        path = os.path.join(out, part.get("host", "cluster"), part["path"].lstrip("/"))
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        if part["type"] == "symlink":
            os.symlink(part["target"], path)
            continue
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as output:
            output.write(content)
        print(part["sha256"], path)


if __name__ == "__main__":
    main(*sys.argv[1:])
