module certificate-service/go-signed-elsewhere

go 1.21
