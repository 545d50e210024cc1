module certificate-service/go-csr

go 1.21
