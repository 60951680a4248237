// swift-tools-version: 5.9
import PackageDescription

let package = Package(
    name: "Digit",
    products: [.library(name: "Digit", targets: ["Digit"])],
    targets: [.target(name: "Digit")]
)
