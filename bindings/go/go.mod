module actra

go 1.24
