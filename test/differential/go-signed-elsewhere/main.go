// Builds the requests of signed-elsewhere.json, which comes on standard input, out of public key, challenge, delivery key and signature alone:
// the lines of docs/csr-external-signer.md, octet by octet. Then Go's own crypto/x509 judges them. Says each difference, or `ok` with the counts.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
)

func tlv(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	n := len(content)
	head := []byte{tag, byte(n)}
	if n > 0xff {
		head = []byte{tag, 0x82, byte(n >> 8), byte(n)}
	} else if n > 0x7f {
		head = []byte{tag, 0x81, byte(n)}
	}
	return append(head, content...)
}

func unhex(text string) []byte {
	octets, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return octets
}

var (
	version0    = unhex("020100")
	emptyName   = unhex("3000")
	bindingHead = unhex("3031060b2a864886f70d010910023631220420")
	challengeID = unhex("06092a864886f70d010907")
)

func ecSpki(curve string, x, y []byte) []byte {
	heads := map[string]string{
		"P-256": "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
		"P-384": "3076301006072a8648ce3d020106052b8104002203620004",
	}
	return bytes.Join([][]byte{unhex(heads[curve]), x, y}, nil)
}

func rsaSpki(n, e []byte) []byte {
	algorithm := tlv(0x30, unhex("06092a864886f70d010101"), unhex("0500"))
	return tlv(0x30, algorithm, tlv(0x03, []byte{0}, tlv(0x30, integer(n), integer(e))))
}

func algorithm(keyType string) []byte {
	switch keyType {
	case "EC:P-256":
		return unhex("300a06082a8648ce3d040302")
	case "EC:P-384":
		return unhex("300a06082a8648ce3d040303")
	default:
		return unhex("300d06092a864886f70d01010b0500")
	}
}

func certificationRequestInfo(spki []byte, challenge string, thumbprint []byte) []byte {
	binding := append(bytes.Clone(bindingHead), thumbprint...)
	password := tlv(0x30, challengeID, tlv(0x31, tlv(0x0c, []byte(challenge))))
	return tlv(0x30, version0, emptyName, spki, tlv(0xa0, binding, password))
}

func integer(octets []byte) []byte {
	octets = bytes.TrimLeft(octets, "\x00")
	if len(octets) == 0 || octets[0] >= 0x80 {
		octets = append([]byte{0}, octets...)
	}
	return tlv(0x02, octets)
}

func rawToDer(raw []byte) []byte {
	half := len(raw) / 2
	return tlv(0x30, integer(raw[:half]), integer(raw[half:]))
}

func finish(info []byte, keyType string, signature []byte) []byte {
	return tlv(0x30, info, algorithm(keyType), tlv(0x03, []byte{0}, signature))
}

// derToRaw reads with Go's own ASN.1, which takes one encoding alone.
func derToRaw(der []byte, size int) ([]byte, error) {
	var value struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &value)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 || value.R.Sign() <= 0 || value.S.Sign() <= 0 {
		return nil, fmt.Errorf("octets behind the end, or a number that is not positive")
	}
	return append(value.R.FillBytes(make([]byte, size)), value.S.FillBytes(make([]byte, size))...), nil
}

type file struct {
	Challenge          string
	DeliveryKey        struct{ Crv, Kty, X, Y string }
	DeliveryThumbprint string
	Requests           []struct {
		KeyType   string
		PublicKey struct {
			Spki []byte
			Jwk  struct{ Kty, Crv, X, Y, N, E string }
		}
		CertificationRequestInfo []byte
		Signatures               []struct {
			What, Raw, Der, Pkcs1, Pem string
			Csr                        []byte
		}
	}
	Refused []struct{ KeyType, Form, Signature, Reason string }
}

var differences int

func same(what string, got, want []byte) {
	if !bytes.Equal(got, want) {
		differences++
		fmt.Printf("%s: %x, the file has %x\n", what, got, want)
	}
}

func b64u(text string) []byte {
	octets, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return octets
}

func judged(what string, csr []byte) error {
	request, err := x509.ParseCertificateRequest(csr)
	if err == nil {
		err = request.CheckSignature()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// signatureOf turns a signature of any form into the content of the BIT STRING, or refuses it.
func signatureOf(keyType, form string, signature []byte) ([]byte, error) {
	sizes := map[string]int{"EC:P-256": 32, "EC:P-384": 48}
	size, ec := sizes[keyType]
	if ec != (form != "pkcs1") {
		return nil, fmt.Errorf("%s has no %s", keyType, form)
	}
	if form == "raw" && len(signature) != 2*size {
		return nil, fmt.Errorf("%d octets", len(signature))
	}
	if form == "raw" {
		return rawToDer(signature), nil
	}
	if form == "der" {
		_, err := derToRaw(signature, size)
		return signature, err
	}
	return signature, nil
}

func main() {
	var vectors file
	if err := json.NewDecoder(os.Stdin).Decode(&vectors); err != nil {
		panic(err)
	}
	d := vectors.DeliveryKey
	digest := sha256.Sum256([]byte(fmt.Sprintf(`{"crv":"%s","kty":"%s","x":"%s","y":"%s"}`, d.Crv, d.Kty, d.X, d.Y)))
	thumbprint := digest[:]
	same("thumbprint", thumbprint, unhex(vectors.DeliveryThumbprint))
	infos := map[string][]byte{}
	signatures := 0
	for _, request := range vectors.Requests {
		jwk := request.PublicKey.Jwk
		spki := rsaSpki(b64u(jwk.N), b64u(jwk.E))
		if jwk.Kty == "EC" {
			spki = ecSpki(jwk.Crv, b64u(jwk.X), b64u(jwk.Y))
		}
		same(request.KeyType+" public key", spki, request.PublicKey.Spki)
		info := certificationRequestInfo(spki, vectors.Challenge, thumbprint)
		same(request.KeyType+" info", info, request.CertificationRequestInfo)
		infos[request.KeyType] = info
		for _, one := range request.Signatures {
			what := request.KeyType + ", " + one.What
			value := unhex(one.Pkcs1)
			if one.Raw != "" {
				value = rawToDer(unhex(one.Raw))
				same(what+", raw to DER", value, unhex(one.Der))
				raw, err := derToRaw(unhex(one.Der), len(one.Raw)/4)
				if err != nil {
					panic(err)
				}
				same(what+", DER to raw", raw, unhex(one.Raw))
			}
			csr := finish(info, request.KeyType, value)
			same(what+", request", csr, one.Csr)
			if block, _ := pem.Decode([]byte(one.Pem)); block == nil || block.Type != "CERTIFICATE REQUEST" {
				same(what+", PEM", nil, csr)
			} else {
				same(what+", PEM", block.Bytes, csr)
			}
			if err := judged(what, csr); err != nil {
				differences++
				fmt.Println(err)
			}
			signatures++
		}
	}
	for _, one := range vectors.Refused {
		value, err := signatureOf(one.KeyType, one.Form, unhex(one.Signature))
		if err == nil {
			err = judged("refused", finish(infos[one.KeyType], one.KeyType, value))
		}
		if err == nil {
			differences++
			fmt.Printf("taken, although: %s %s: %s\n", one.KeyType, one.Form, one.Reason)
		}
	}
	if differences == 0 {
		fmt.Printf("ok %d requests, %d signatures, %d refused\n", len(vectors.Requests), signatures, len(vectors.Refused))
	}
}
