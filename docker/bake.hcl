# All images at once, from the root of the repository: docker buildx bake -f docker/bake.hcl
# Other bases: PHP_IMAGE=wordpress:php8.2-fpm docker buildx bake -f docker/bake.hcl wordpress nginx
variable "PHP_IMAGE" { default = "wordpress:php8.4-fpm" }
variable "PROFILE" { default = "release" }
variable "TAG" { default = "latest" }

group "default" { targets = ["wordpress", "demo", "nginx", "lambda", "lab"] }

target "wordpress" {
  dockerfile = "docker/php/Dockerfile"
  target     = "wordpress"
  args       = { PHP_IMAGE = PHP_IMAGE, PROFILE = PROFILE }
  tags       = ["wp-dynamodb/wordpress:${TAG}"]
}

# The Compose file's site: with the cart.
target "demo" {
  dockerfile = "docker/php/demo.Dockerfile"
  contexts   = { "wp-dynamodb/wordpress" = "target:wordpress" }
  tags       = ["wp-dynamodb/demo:${TAG}"]
}

# Static files and scripts are of one version: the nginx of another site image is another image.
target "nginx" {
  dockerfile = "docker/nginx/Dockerfile"
  contexts   = { "wp-dynamodb/wordpress" = "target:demo" }
  tags       = ["wp-dynamodb/nginx:${TAG}"]
}

target "lambda" {
  dockerfile = "docker/lambda/Dockerfile"
  args       = { PROFILE = PROFILE }
  tags       = ["wp-dynamodb/lambda:${TAG}"]
}

target "lab" {
  dockerfile = "docker/lab/Dockerfile"
  args       = { PROFILE = PROFILE }
  tags       = ["wp-dynamodb/lab:${TAG}"]
}
