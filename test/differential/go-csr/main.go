// Reads one base64 DER a line and says of each what Go's crypto/x509 says: "ok", or the reason of its refusal. Standard library only.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		fmt.Fprintln(out, strings.ReplaceAll(judge(in.Text()), "\n", " "))
	}
}

func judge(line string) (said string) {
	defer func() {
		if r := recover(); r != nil {
			said = fmt.Sprint("panic: ", r)
		}
	}()
	der, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return "not base64"
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err.Error()
	}
	if err := request.CheckSignature(); err != nil {
		return err.Error()
	}
	return "ok"
}
